// What the log of a supervisord says of its processes, in the words that people search it for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <foster/signal.hpp>

#include "compat/daemon.hpp"
#include "config/supervisord/sections.hpp"
#include "core/action.hpp"
#include "supervisor/supervisord/lives.hpp"
#include "supervisor/supervisord/main_log.hpp"

namespace foster::supervisor::supervisord {

struct Message {
  Level level;
  std::string text;
};

/// Of a turn whose words need no pid: all but `begun`, and `none`, which have none.
[[nodiscard]] std::optional<Message> message_of(Turn turn, const config::supervisord::Process& process,
                                                const std::optional<ExitStatus>& exit, std::string_view spawn_error);
[[nodiscard]] Message spawned(const config::supervisord::Process& process, int pid);
[[nodiscard]] Message gave_up(const config::supervisord::Process& process);
[[nodiscard]] Message killing(const config::supervisord::Process& process, int pid);

// What only those want to read who look for a fault in their configuration.
enum class Whom : std::uint8_t { process, group };
[[nodiscard]] Message stopping(const config::supervisord::Process& process, int pid, Signal signal, Whom whom);
[[nodiscard]] Message stopping_in_backoff(const config::supervisord::Process& process);
[[nodiscard]] Message signalled(std::string_view name, int pid, Signal signal);
[[nodiscard]] Message child_quit();
[[nodiscard]] Message wrote(const config::supervisord::Process& process, compat::Channel channel,
                            std::string_view text);
/// A message that it wrote between the tags of capture mode.
[[nodiscard]] Message emitted(const config::supervisord::Process& process, compat::Channel channel);

}  // namespace foster::supervisor::supervisord
