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

// The description's memory is used again by the next.
void append_info(std::string& xml, const Process& process, std::int64_t now, std::string& description) {
  StructWriter info(xml);
  info.text("name", process.name);
  info.text("group", process.group);
  info.number("start", narrowed(process.start));
  info.number("stop", narrowed(process.stop));
  info.number("now", narrowed(now));
  info.number("state", static_cast<int>(process.state));
  info.text("statename", name_of(process.state));
  info.text("spawnerr", process.spawn_error);
  info.number("exitstatus", process.exit_status);
  info.text("logfile", process.stdout_log);
  info.text("stdout_logfile", process.stdout_log);
  info.text("stderr_logfile", process.stderr_log);
  info.number("pid", process.pid);
  description.clear();
  append_description(description, process, now);
  info.text("description", description);
}

void process_info(Daemon& daemon, Parameters parameters, Reply reply) {
  const auto process = find_process(daemon, parameters.text(0));
  if (!process) return reply(std::unexpected(process.error()));
  XmlValue info;
  std::string description;
  append_info(info.xml(), *process, daemon.now(), description);
  reply(std::move(info));
}

// A struct takes about so much.
constexpr std::size_t kUsualBytes = 1536;

void all_process_info(Daemon& daemon, Parameters, Reply reply) {
  const auto processes = daemon.processes();
  std::vector<const Process*> in_order;
  in_order.reserve(processes.size());
  for (const Process& process : processes) in_order.push_back(&process);
  const auto by_name = [](const Process* one) { return std::tie(one->group, one->name); };
  const bool are_in_order = std::ranges::is_sorted(in_order, {}, by_name);  // as mostly
  if (!are_in_order) std::ranges::stable_sort(in_order, {}, by_name);
  const std::int64_t now = daemon.now();
  XmlValue all;
  all.xml().reserve(processes.size() * kUsualBytes);
  std::string description;
  {
    const ArrayWriter infos(all.xml());
    for (const Process* process : in_order) append_info(all.xml(), *process, now, description);
  }
  reply(std::move(all));
}

struct LogNames {
  StructWriter::Name file;
  StructWriter::Name backups;
  StructWriter::Name most_bytes;
  StructWriter::Name capture_bytes;
  StructWriter::Name has_events;
  StructWriter::Name is_syslog;
};
constexpr LogNames kStdout{"stdout_logfile",          "stdout_logfile_backups", "stdout_logfile_maxbytes",
                           "stdout_capture_maxbytes", "stdout_events_enabled",  "stdout_syslog"};
constexpr LogNames kStderr{"stderr_logfile",          "stderr_logfile_backups", "stderr_logfile_maxbytes",
                           "stderr_capture_maxbytes", "stderr_events_enabled",  "stderr_syslog"};

void add_log(StructWriter& info, const LogNames& names, const LogConfig& log) {
  info.text(names.file, log.file);
  info.number(names.backups, log.backups);
  info.number(names.most_bytes, log.most_bytes);
  info.number(names.capture_bytes, log.capture_bytes);
  info.flag(names.has_events, log.has_events);
  info.flag(names.is_syslog, log.is_syslog);
}

void append_info(std::string& xml, const ProcessConfig& config) {
  StructWriter info(xml);
  info.text("name", config.name);
  info.text("group", config.group);
  info.flag("inuse", config.is_in_use);
  info.flag("autostart", config.autostart);
  info.number("group_prio", config.group_priority);
  info.number("process_prio", config.priority);
  info.text("command", config.command);
  info.text("directory", config.directory);
  info.value("uid", config.uid ? Value(*config.uid) : Value("none"));
  info.value("exitcodes", Array(config.exit_codes.begin(), config.exit_codes.end()));
  info.number("startsecs", config.start_seconds);
  info.number("startretries", config.start_retries);
  info.number("stopsignal", config.stop_signal);
  info.number("stopwaitsecs", config.stop_wait_seconds);
  info.flag("killasgroup", config.kill_as_group);
  info.flag("redirect_stderr", config.redirect_stderr);
  info.text("serverurl", config.server_url);
  add_log(info, kStdout, config.stdout_log);
  add_log(info, kStderr, config.stderr_log);
}

void all_config_info(Daemon& daemon, Parameters, Reply reply) {
  auto configs = daemon.configs();
  std::ranges::stable_sort(configs, {}, [](const ProcessConfig& one) { return std::tie(one.name, one.group); });
  XmlValue all;
  all.xml().reserve(configs.size() * kUsualBytes);
  {
    const ArrayWriter infos(all.xml());
    for (const ProcessConfig& config : configs) append_info(all.xml(), config);
  }
  reply(std::move(all));
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
