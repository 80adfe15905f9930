// What the daemon, its watcher and its launcher tell each other while the daemon starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include <foster/ids.hpp>
#include <foster/result.hpp>
#include "sys/channel.hpp"

namespace foster {

/// One message. All of them are of one program, so its layout is no contract.
struct LaunchMessage {
  enum class Kind : std::uint8_t {
    ready,    ///< Daemon to launcher: `pid`, and its message in `detail`.
    failed,   ///< Daemon to launcher: `exit_code` and the error.
    ended,    ///< Watcher to launcher: `wait_status` of the daemon.
    give_up,  ///< Launcher to watcher: kill it.
  };
  Kind kind;
  std::int32_t pid = 0;
  std::int32_t exit_code = 0;
  std::int32_t wait_status = 0;
  std::int32_t error_code = 0;
  char step[64] = {};      ///< Zero-terminated, cut off when longer.
  char detail[2048] = {};  ///< Likewise.
};
static_assert(std::is_trivially_copyable_v<LaunchMessage>);

[[nodiscard]] LaunchMessage ready_message(Pid daemon, std::string_view text) noexcept;
[[nodiscard]] LaunchMessage failed_message(const Error& error, int exit_code) noexcept;
[[nodiscard]] Error error_in(const LaunchMessage& message);

/// Nobody at the other end is no error: whoever has gone needs no answer.
void send_message(sys::Channel& channel, const LaunchMessage& message) noexcept;

struct TakenMessage {
  std::optional<LaunchMessage> message;
  bool at_end = false;  ///< No other will come.
};
[[nodiscard]] TakenMessage take_message(sys::Channel& channel) noexcept;

}  // namespace foster
