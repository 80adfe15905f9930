// What the log of a supervisord says of its processes, in the words that people search it for.
#pragma once

#include <optional>
#include <string>

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

}  // namespace foster::supervisor::supervisord
