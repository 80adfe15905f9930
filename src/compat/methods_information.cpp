// Methods that tell what there is.
#include <algorithm>
#include <tuple>

#include "compat/description.hpp"
#include "compat/method.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kApiVersion = "3.0";
// Clients compare it with the version whose behaviour they know.
constexpr std::string_view kSupervisorVersion = "4.2.5";

void version(Daemon&, Parameters, Reply reply) {
  reply(Value(kApiVersion));
}

void supervisor_version(Daemon&, Parameters, Reply reply) {
  reply(Value(kSupervisorVersion));
}

void identification(Daemon& daemon, Parameters, Reply reply) {
  reply(Value(daemon.identification()));
}

std::string_view name_of(Mood mood) {
  switch (mood) {
    case Mood::fatal:
      return "FATAL";
    case Mood::running:
      return "RUNNING";
    case Mood::restarting:
      return "RESTARTING";
    case Mood::shutdown:
      break;
  }
  return "SHUTDOWN";
}

void state(Daemon& daemon, Parameters, Reply reply) {
  reply(Value(Struct{{"statecode", static_cast<int>(daemon.mood())}, {"statename", name_of(daemon.mood())}}));
}

void pid(Daemon& daemon, Parameters, Reply reply) {
  reply(Value(daemon.pid()));
}

// Clients' numbers have 32 bits.
std::int64_t narrowed(std::int64_t number) {
  return std::clamp<std::int64_t>(number, INT32_MIN, INT32_MAX);
}

Value struct_of(Process process, std::int64_t now) {
  auto description = description_of(process, now);
  Struct members;
  members.reserve(14);
  const auto add = [&members](std::string_view name, auto&& value) {
    members.emplace_back(std::string(name), std::forward<decltype(value)>(value));
  };
  add("name", std::move(process.name));
  add("group", std::move(process.group));
  add("start", narrowed(process.start));
  add("stop", narrowed(process.stop));
  add("now", narrowed(now));
  add("state", static_cast<int>(process.state));
  add("statename", name_of(process.state));
  add("spawnerr", std::move(process.spawn_error));
  add("exitstatus", process.exit_status);
  add("logfile", process.stdout_log);
  add("stdout_logfile", std::move(process.stdout_log));
  add("stderr_logfile", std::move(process.stderr_log));
  add("pid", process.pid);
  add("description", std::move(description));
  return members;
}

void process_info(Daemon& daemon, Parameters parameters, Reply reply) {
  auto process = find_process(daemon, parameters.text(0));
  reply(process ? Answer(struct_of(std::move(*process), daemon.now())) : std::unexpected(process.error()));
}

void all_process_info(Daemon& daemon, Parameters, Reply reply) {
  auto processes = daemon.processes();
  std::vector<Process*> in_order;
  for (Process& process : processes) in_order.push_back(&process);
  std::ranges::stable_sort(in_order, {}, [](const Process* one) { return std::tie(one->group, one->name); });
  const std::int64_t now = daemon.now();
  Array infos;
  infos.reserve(processes.size());
  for (Process* process : in_order) infos.push_back(struct_of(std::move(*process), now));
  reply(std::move(infos));
}

void add_log(Struct& members, const std::string& channel, const LogConfig& log) {
  members.push_back({channel + "_logfile", log.file});
  members.push_back({channel + "_logfile_backups", log.backups});
  members.push_back({channel + "_logfile_maxbytes", log.most_bytes});
  members.push_back({channel + "_capture_maxbytes", log.capture_bytes});
  members.push_back({channel + "_events_enabled", log.has_events});
  members.push_back({channel + "_syslog", log.is_syslog});
}

Value struct_of(const ProcessConfig& config) {
  Array exit_codes(config.exit_codes.begin(), config.exit_codes.end());
  Struct members{
      {"name", config.name},
      {"group", config.group},
      {"inuse", config.is_in_use},
      {"autostart", config.autostart},
      {"group_prio", config.group_priority},
      {"process_prio", config.priority},
      {"command", config.command},
      {"directory", config.directory},
      {"uid", config.uid ? Value(*config.uid) : Value("none")},
      {"exitcodes", std::move(exit_codes)},
      {"startsecs", config.start_seconds},
      {"startretries", config.start_retries},
      {"stopsignal", config.stop_signal},
      {"stopwaitsecs", config.stop_wait_seconds},
      {"killasgroup", config.kill_as_group},
      {"redirect_stderr", config.redirect_stderr},
      {"serverurl", config.server_url},
  };
  add_log(members, "stdout", config.stdout_log);
  add_log(members, "stderr", config.stderr_log);
  return members;
}

void all_config_info(Daemon& daemon, Parameters, Reply reply) {
  auto configs = daemon.configs();
  std::ranges::stable_sort(configs, {}, [](const ProcessConfig& one) { return std::tie(one.name, one.group); });
  Array infos;
  for (const ProcessConfig& config : configs) infos.push_back(struct_of(config));
  reply(std::move(infos));
}

constexpr Method kMethods[] = {
    {"supervisor.getAPIVersion", "string", 0, "The version of these methods.", version},
    {"supervisor.getVersion", "string", 0, "As getAPIVersion.", version},
    {"supervisor.getSupervisorVersion", "string", 0, "The version of Supervisor that this behaves like.",
     supervisor_version},
    {"supervisor.getIdentification", "string", 0, "What the configuration calls this daemon.", identification},
    {"supervisor.getState", "struct", 0, "The daemon's own state: {statecode, statename}.", state},
    {"supervisor.getPID", "int", 0, "The daemon's pid.", pid},
    {"supervisor.getProcessInfo", "struct string", 0, "All about one process.", process_info},
    {"supervisor.getAllProcessInfo", "array", 0, "All about every process, by group and name.", all_process_info},
    {"supervisor.getAllConfigInfo", "array", 0, "What the configuration says, by name.", all_config_info},
};

}  // namespace

std::span<const Method> information_methods() {
  return kMethods;
}

}  // namespace foster::compat
