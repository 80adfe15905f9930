// The text of a notification, as sd_notify(3) sends it. Pure; the input is hostile.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <foster/ids.hpp>

namespace foster::supervisor {

/// What one datagram says. Unknown assignments are ignored, as the protocol asks.
struct NotifyMessage {
  bool ready = false;
  bool reloading = false;
  bool stopping = false;
  bool watchdog = false;
  std::optional<std::string> status;  ///< One line, printable, at most 200 bytes.
  std::optional<Pid> main_pid;
  std::optional<std::chrono::microseconds> extend_timeout;
  std::optional<std::chrono::microseconds> watchdog_period;  ///< WATCHDOG_USEC=
};

[[nodiscard]] NotifyMessage parse_notify_message(std::string_view text);

}  // namespace foster::supervisor
