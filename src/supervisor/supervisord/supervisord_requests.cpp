// What of a supervisord clients ask: who and what it is, what runs, and that something be done.
#include "supervisor/supervisord/supervisord.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "config/supervisord/to_model.hpp"
#include "core/step.hpp"
#include "logs/log_place.hpp"
#include "supervisor/supervisord/command_check.hpp"
#include "supervisor/supervisord/config_rows.hpp"
#include "supervisor/supervisord/states.hpp"
#include "sys/clock.hpp"

namespace foster::supervisor::supervisord {
namespace {

using compat::FaultCode;
using compat::refusal;
using config::supervisord::service_name;

core::Cause by_client() {
  return {.kind = core::CauseKind::requested, .detail = "a client of supervisord", .exit = std::nullopt};
}

}  // namespace

std::string Supervisord::identification() const {
  return groups_.config().daemon.identifier;
}

int Supervisord::pid() const {
  return tools_.reaper;
}

compat::Mood Supervisord::mood() const {
  if (fleet().is_shutting_down() || groups_.stage() == Stage::ending) return compat::Mood::shutdown;
  return groups_.stage() == Stage::restarting ? compat::Mood::restarting : compat::Mood::running;
}

std::int64_t Supervisord::now() const {
  return std::chrono::duration_cast<std::chrono::seconds>(sys::wall_now().time_since_epoch()).count();
}

bool Supervisord::has_supervisor_methods() const {
  const auto& interfaces = groups_.config().rpc_interfaces;
  return std::ranges::find(interfaces, "supervisor", &config::supervisord::RpcInterface::name) != interfaces.end();
}

std::vector<std::string> Supervisord::groups() const {
  std::vector<std::string> names;
  for (const SharedGroup& group : groups_.active()) names.push_back(group->name);
  return names;
}

std::optional<core::InstanceId> Supervisord::find(const compat::Process& process) const {
  return fleet().find(process.group == process.name ? process.name : process.group + ":" + process.name);
}

compat::Process Supervisord::row_of(const Group& group, const Process& process) const {
  compat::Process row{.group = group.name,
                      .name = process.name,
                      .group_priority = static_cast<int>(group.priority),
                      .priority = static_cast<int>(process.priority)};
  const std::string name = service_name(process);
  if (const auto id = fleet().find(name)) {
    const core::Instance& instance = fleet().instance(*id);
    row.state = state_of(instance.state());
    if (const auto pid = instance.pid()) row.pid = pid->number();
    const core::Service& service = fleet().service_of(*id);
    row.stdout_log = logs::log_path(service, instance.index(), core::Stream::out, tools_.log_directory);
    row.stderr_log = logs::log_path(service, instance.index(), core::Stream::err, tools_.log_directory);
  }
  if (const Life* life = lives_.find(name)) {
    row.start = life->start;
    row.stop = life->stop;
    row.spawn_error = life->spawn_error;
    row.exit_status = life->exit_status;
  }
  return row;
}

std::vector<compat::Process> Supervisord::processes() const {
  std::size_t count = 0;
  for (const SharedGroup& group : groups_.active()) count += group->processes.size();
  std::vector<compat::Process> rows;
  rows.reserve(count);
  for (const SharedGroup& group : groups_.active()) {
    for (const Process& process : group->processes) rows.push_back(row_of(*group, process));
  }
  return rows;
}

void Supervisord::name_automatic_logs(core::InstanceId id, compat::ProcessConfig& row) const {
  const core::Service& service = fleet().service_of(id);
  for (const auto& [stream, log] :
       {std::pair(core::Stream::out, &row.stdout_log), std::pair(core::Stream::err, &row.stderr_log)}) {
    if (log->file == compat::kAutomatic)
      log->file = logs::log_path(service, fleet().instance(id).index(), stream, tools_.log_directory);
  }
}

std::vector<compat::ProcessConfig> Supervisord::configs() const {
  std::vector<compat::ProcessConfig> rows;
  for (const SharedGroup& group : groups_.config().groups) {
    for (const Process& process : group->processes) {
      rows.push_back(supervisord::row_of(*group, process));
      rows.back().is_in_use = groups_.is_active(group->name);
      const auto id = groups_.is_as_read(group->name) ? fleet().find(service_name(process)) : std::nullopt;
      if (id) name_automatic_logs(*id, rows.back());
    }
  }
  return rows;
}

compat::Outcome<> Supervisord::command_of(const Process& process) const {
  const auto id = fleet().find(service_name(process));
  const char* ours = std::getenv("PATH");
  std::string_view path = ours != nullptr ? ours : "";
  if (!id) return find_command(process, path, {});
  const core::Service& service = fleet().service_of(*id);
  const auto own = std::ranges::find(service.environment, "PATH", [](const auto& variable) { return variable.first; });
  if (own != service.environment.end()) path = own->second;
  return find_command(process, path, service.directory);
}

compat::Outcome<> Supervisord::check_command(const compat::Process& process) const {
  const auto id = find(process);
  const Process* definition = id ? groups_.find(fleet().view(*id).name) : nullptr;
  return definition != nullptr ? command_of(*definition) : compat::Outcome<>(refusal(FaultCode::bad_name));
}

void Supervisord::start(const compat::Process& process, compat::Wait wait, Done done) {
  const auto id = find(process);
  if (!id) return done(refusal(FaultCode::bad_name));
  const core::Event event = core::event::Start{by_client()};
  if (wait == compat::Wait::until_done) {
    calls_.add(*id, Calls::Goal::running, std::move(done));
    return tools_.engine.report(*id, event);
  }
  tools_.engine.report(*id, event);
  const core::State state = fleet().instance(*id).state();
  const bool has_failed = state == core::State::backoff || state == core::State::failed;
  done(has_failed ? compat::Outcome<>(refusal(FaultCode::spawn_error)) : compat::Outcome<>());
}

void Supervisord::stop(const compat::Process& process, compat::Wait wait, Done done) {
  const auto id = find(process);
  if (!id) return done(refusal(FaultCode::bad_name));
  const core::Event event = core::event::Stop{by_client()};
  if (wait == compat::Wait::until_done) {
    log(Level::info, fmt::format("waiting for {} to stop", process.name));
    calls_.add(*id, Calls::Goal::stopped, std::move(done));
    return tools_.engine.report(*id, event);
  }
  tools_.engine.report(*id, event);
  done({});
}

compat::Outcome<> Supervisord::signal(const compat::Process& process, Signal signal) {
  const auto id = find(process);
  if (!id) return refusal(FaultCode::bad_name);
  const Message message = signalled(process.name, process.pid, signal);
  log(message.level, message.text);
  const auto sent = tools_.executor.send_signal(*id, signal);
  if (sent || sent.error().code == ESRCH) return {};  // it is about to be seen that it has ended
  return refusal(FaultCode::failed, to_string(sent.error()));
}

void Supervisord::bring_logs_up_to_date(const compat::Process& process) {
  if (const auto id = find(process)) tools_.executor.drain_output(*id);
}

compat::Outcome<> Supervisord::clear_logs(const compat::Process& process) {
  const auto id = find(process);
  if (!id) return refusal(FaultCode::bad_name);
  const auto cleared = tools_.executor.clear_logs(*id);
  return cleared ? compat::Outcome<>() : compat::Outcome<>(refusal(FaultCode::failed, to_string(cleared.error())));
}

void Supervisord::trace(const std::string& text) {
  log(Level::trace, text);
}

std::string Supervisord::main_log() const {
  return log_.path();
}

compat::Outcome<> Supervisord::clear_main_log() {
  const auto cleared = log_.clear();
  if (cleared) return {};
  if (cleared.error().code == ENOENT) return refusal(FaultCode::no_file, std::nullopt);
  return refusal(FaultCode::failed, to_string(cleared.error()));
}

}  // namespace foster::supervisor::supervisord
