#include "supervisor/supervisord/event_groups.hpp"

#include "config/supervisord/to_model.hpp"

namespace foster::supervisor::supervisord {

EventGroup event_group_of(const config::supervisord::Group& group) {
  EventGroup result{.name = group.name, .processes = {}, .pool = group.pool};
  for (const config::supervisord::Process& process : group.processes) {
    result.processes.push_back({.service = service_name(process),
                                .name = process.name,
                                .exit_codes = process.exitcodes,
                                .tells_stdout = process.out.events_enabled && !group.pool,
                                .tells_stderr = process.err.events_enabled && !process.redirect_stderr});
  }
  return result;
}

}  // namespace foster::supervisor::supervisord
