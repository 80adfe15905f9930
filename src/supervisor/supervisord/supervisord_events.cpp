// What of the stand-in for supervisord concerns its listeners, and whoever else talks with programs.
#include <cerrno>
#include <utility>

#include "core/step.hpp"
#include "supervisor/supervisord/event_groups.hpp"
#include "supervisor/supervisord/states.hpp"
#include "supervisor/supervisord/supervisord.hpp"
#include "sys/clock.hpp"

namespace foster::supervisor::supervisord {
namespace {

using compat::EventType;
using compat::FaultCode;
using compat::refusal;

}  // namespace

EventPools::Tools Supervisord::event_tools() {
  return {.loop = tools_.loop,
          .path = tools_.runtime_directory + "/events.json",
          .identifier = [this] { return identification(); },
          .write = [this](const std::string& service, std::string_view text) -> Result<> {
            const auto id = fleet().find(service);
            return id ? tools_.executor.write_stdin(*id, text) : failure("write", ESRCH, service);
          },
          .drain =
              [this](const std::string& service) {
                if (const auto id = fleet().find(service)) tools_.executor.drain_output(*id);
              },
          .pid_of = [this](const std::string& service) -> std::int64_t {
            const auto id = fleet().find(service);
            const Instance* it = id ? tools_.executor.find(*id) : nullptr;
            return it != nullptr ? it->main_pid : 0;
          },
          .state_of =
              [this](const std::string& service) {
                const auto id = fleet().find(service);
                return id ? supervisord::state_of(fleet().instance(*id).state()) : compat::ProcessState::stopped;
              },
          .log = [this](Level level, const std::string& text) { log(level, text); },
          .now = [] { return sys::wall_now(); }};
}

// Those that an earlier supervisor has begun with are known.
void Supervisord::tell_of_groups() {
  bool is_new = false;
  for (const SharedGroup& group : groups_.active()) {
    if (events_.has(group->name)) continue;
    events_.add(event_group_of(*group));
    is_new = true;
  }
  if (is_new) events_.emit(compat::daemon_event(EventType::supervisor_state_change_running));
}

void Supervisord::hear(core::InstanceId id, core::Stream stream, const ToldOutput& told) {
  const bool is_out = stream == core::Stream::out;
  const auto channel = is_out ? compat::Channel::standard_output : compat::Channel::standard_error;
  const std::string service = fleet().view(id).name;
  if (const Process* process = groups_.find(service); process != nullptr && log_.takes(Level::debug)) {
    const Message message =
        told.part == OutputPart::captured ? emitted(*process, channel) : wrote(*process, channel, told.text);
    log(message.level, message.text);
  }
  if (told.part == OutputPart::captured) {
    events_.hear_captured(service, channel, told.text, told.until);
  } else {
    events_.hear(service, channel, told.text, told.until);
  }
}

void Supervisord::send_event(const std::string& type, const std::string& data) {
  events_.emit(compat::remote_event(type, data));
}

compat::Outcome<> Supervisord::write_stdin(const compat::Process& process, const std::string& text) {
  const auto id = find(process);
  if (!id || process.pid == 0) return refusal(FaultCode::not_running);
  const auto written = tools_.executor.write_stdin(*id, text);
  if (written) return {};
  switch (written.error().code) {
    case ESRCH:
      return refusal(FaultCode::not_running);
    case ENXIO:
    case EPIPE:
      return refusal(FaultCode::no_file);
    default:
      return refusal(FaultCode::failed, to_string(written.error()));
  }
}

}  // namespace foster::supervisor::supervisord
