#include "config/supervisord/to_model.hpp"

#include <unistd.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "config/load.hpp"
#include "config/read_model.hpp"
#include "config/schema.hpp"
#include "config/suggest.hpp"
#include "config/supervisord/differences.hpp"
#include "config/supervisord/own_keys.hpp"
#include "config/values.hpp"
#include "core/dependencies.hpp"

namespace foster::config::supervisord {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kMostRetries = 1'000'000'000;
constexpr std::int64_t kMostKept = 1000;

core::Duration seconds(std::int64_t count) {
  const std::int64_t most = std::chrono::duration_cast<std::chrono::seconds>(kMaxDuration).count();
  return std::chrono::seconds(std::clamp<std::int64_t>(count, 0, most));
}

core::RestartWhen restart_of(AutoRestart when) {
  switch (when) {
    case AutoRestart::never:
      return core::RestartWhen::never;
    case AutoRestart::unexpected:
      return core::RestartWhen::on_failure;
    case AutoRestart::always:
      break;
  }
  return core::RestartWhen::always;
}

// "%i" means something to foster.
std::string without_meaning(std::string_view argument) {
  std::string text;
  for (const char c : argument) text.append(c == '%' ? 2 : 1, c);
  return text;
}

void set(core::Service& service, std::string_view name, std::string_view value) {
  const auto known = std::ranges::find(service.environment, name, [](const auto& variable) { return variable.first; });
  if (known != service.environment.end()) {
    known->second = value;
  } else {
    service.environment.emplace_back(name, value);
  }
}

// Where programs that talk to their supervisor find it.
std::optional<std::string> server_url(const Config& config) {
  std::optional<std::string> url;
  for (const HttpServer& server : config.servers) {
    if (server.kind == HttpServer::Kind::unix_socket) return "unix://" + server.path;
    const std::string host = server.address.host.empty() ? "localhost" : server.address.host;
    url = fmt::format("http://{}:{}", host, server.address.port);
  }
  return url;
}

core::LogPolicy log_of(const Channel& channel) {
  core::LogPolicy log;
  log.syslog = channel.syslog || channel.file.kind == LogFile::Kind::syslog;
  log.enabled = channel.file.kind == LogFile::Kind::automatic || channel.file.kind == LogFile::Kind::path;
  if (!log.enabled) return log;
  log.max_size.reset();
  if (channel.max_bytes > 0) log.max_size = channel.max_bytes;
  log.keep = static_cast<unsigned>(std::clamp<std::int64_t>(channel.backups, 0, kMostKept));
  return log;
}

core::StdinSocket socket_of(const FcgiSocket& socket) {
  core::StdinSocket result;
  result.address = socket.path.empty() ? socket.url : "unix://" + socket.path;
  if (socket.mode) result.mode = *socket.mode & 0777U;
  if (socket.owner) result.owner = fmt::format("{}", socket.owner->uid);
  if (socket.owner && socket.owner->gid) result.owner += fmt::format(":{}", *socket.owner->gid);
  if (socket.backlog) result.backlog = static_cast<int>(*socket.backlog);
  return result;
}

class Translator {
 public:
  Translator(const Config& config, const ToModelOptions& options)
      : config_(config), options_(options), remarks_(config) {}

  ToModel run() {
    ToModel result;
    result.model.name = options_.default_name.empty() ? default_name_for(config_.path) : options_.default_name;
    if (is_foster()) {
      tell_differences_of_daemon(config_, remarks_);
    } else {
      tell_differences_of_stand_in(config_, remarks_);
    }
    for (const SharedGroup& group : config_.groups) {
      if (is_foster()) tell_differences(*group, remarks_);
      if (is_foster() && group->pool) continue;
      for (const Process& process : group->processes) add(*group, process, result.model);
    }
    expand_groups(result.model);
    check_dependencies(result.model);
    result.findings = remarks_.take();
    return result;
  }

 private:
  /// All that programs write is in the log of the daemon, too.
  [[nodiscard]] bool is_copied() const { return config_.daemon.log_level >= LogLevel::debug; }
  [[nodiscard]] bool is_foster() const { return options_.host == ToModelOptions::Host::foster; }

  void add(const Group& group, const Process& process, core::Model& model) {
    if (is_foster()) tell_differences(process, remarks_);
    const std::string name = service_name(process);
    if (!is_service_name(name)) {
      return remarks_.error(*process.written, "process_name", fmt::format("foster cannot call a service \"{}\"", name),
                            std::string(kServiceNameRule));
    }
    if (!names_.insert(name).second) {
      return remarks_.warn(*process.written, "process_name",
                           fmt::format("another process is called \"{}\"; this one is left out", name),
                           "give each a name of its own: %(program_name)s_%(process_num)d");
    }
    core::Service service = service_of(process, name);
    set_logs(service, group, process);
    service.stdin_pipe = !group.socket;
    if (group.socket) service.stdin_socket = socket_of(*group.socket);
    std::vector<Diagnostic> findings;
    model.services.push_back(with_own_keys(service, process, config_.files, findings));
    for (Diagnostic& finding : findings) remarks_.add(std::move(finding));
    processes_.push_back(&process);
  }

  core::Service service_of(const Process& process, const std::string& name) const {
    core::Service service;
    service.name = name;
    for (const std::string& argument : process.argv) service.argv.push_back(without_meaning(argument));
    service.command_text = process.command;
    service.directory =
        process.directory ? absolute_path(working_directory(), *process.directory) : working_directory();
    set_environment(service, process);
    const auto& user = process.user ? process.user : config_.daemon.user;
    if (user && user->uid != ::geteuid()) service.user = user->text;
    const auto umask = process.umask ? process.umask : options_.umask ? options_.umask : config_.daemon.umask;
    if (umask) service.umask = *umask & 0777U;
    service.autostart = process.autostart;
    service.restart = restart_of(process.autorestart);
    // 1, 2, 3 seconds and so on after starts that failed; at once, and as often as it takes, after runs that did not.
    service.backoff = {.initial = 1s,
                       .max = kMaxDuration,
                       .factor = 1,
                       .step = 1s,
                       .jitter = 0,
                       .reset_after = core::Duration::zero()};
    service.limit.reset();
    service.start_retries = static_cast<unsigned>(std::clamp<std::int64_t>(process.startretries, 0, kMostRetries));
    service.success_exit_codes = unique(process.exitcodes);
    service.start_seconds = seconds(process.startsecs);
    service.stop = {.signal = process.stopsignal,
                    .timeout = seconds(process.stopwaitsecs),
                    .target = process.stopasgroup ? core::StopTarget::group : core::StopTarget::main};
    return service;
  }

  void set_logs(core::Service& service, const Group& group, const Process& process) const {
    service.log = log_of(process, core::Stream::out);
    if (!process.redirect_stderr) service.stderr_log = log_of(process, core::Stream::err);
    if (!group.pool) return;
    // A listener speaks through its stdout: that is heard, and neither captured nor told to others.
    service.log.events = true;
    service.log.capture.reset();
    service.log.syslog = false;
  }

  [[nodiscard]] core::LogPolicy log_of(const Process& process, core::Stream stream) const {
    const Channel& channel = stream == core::Stream::out ? process.out : process.err;
    core::LogPolicy log = supervisord::log_of(channel);
    log.strip_ansi = config_.daemon.strip_ansi;
    if (!is_foster() && channel.capture_max_bytes > 0) log.capture = channel.capture_max_bytes;
    if (!is_foster()) log.events = channel.events_enabled || is_copied();
    if (channel.file.kind == LogFile::Kind::path) {
      log.file = without_meaning(absolute_path(working_directory(), channel.file.path));
    } else if (log.enabled && options_.auto_log) {
      log.file = without_meaning(options_.auto_log(process, stream));
    }
    return log;
  }

  void set_environment(core::Service& service, const Process& process) const {
    set(service, "SUPERVISOR_ENABLED", "1");
    const auto url = process.serverurl ? process.serverurl : is_foster() ? std::nullopt : server_url(config_);
    if (url) set(service, "SUPERVISOR_SERVER_URL", *url);
    set(service, "SUPERVISOR_PROCESS_NAME", process.name);
    set(service, "SUPERVISOR_GROUP_NAME", process.group);
    for (const auto& [variable, value] : process.environment) set(service, variable, value);
  }

  static std::vector<std::uint8_t> unique(const std::vector<std::uint8_t>& codes) {
    std::vector<std::uint8_t> result;
    for (const std::uint8_t code : codes) {
      if (std::ranges::find(result, code) == result.end()) result.push_back(code);
    }
    return result;
  }

  [[nodiscard]] std::string working_directory() const {
    const std::string here = absolute_path(config_.path, "..");
    if (!options_.working_directory.empty()) return options_.working_directory;
    return config_.daemon.directory ? absolute_path(here, *config_.daemon.directory) : here;
  }

  // Who needs a group needs all of it.
  void expand_groups(core::Model& model) const {
    for (core::Service& service : model.services) {
      for (auto* names : {&service.needs, &service.after}) {
        std::vector<std::string> expanded;
        for (const std::string& name : *names) add_members(name, expanded);
        *names = std::move(expanded);
      }
    }
  }

  void add_members(const std::string& name, std::vector<std::string>& names) const {
    const std::string_view group = name.ends_with(":*") ? std::string_view(name).substr(0, name.size() - 2) : name;
    std::vector<std::string> members;
    for (const Process* process : processes_) {
      if (process->group == group) members.push_back(service_name(*process));
    }
    if (names_.contains(name) || members.empty()) members = {name};
    for (const std::string& member : members) {
      if (std::ranges::find(names, member) == names.end()) names.push_back(member);
    }
  }

  void check_dependencies(const core::Model& model) {
    const std::vector<std::string_view> known(names_.begin(), names_.end());
    for (const core::DependencyProblem& problem : core::check_dependencies(model)) {
      const bool is_cycle = problem.kind == core::DependencyProblem::Kind::cycle;
      report_own_key(problem.service, problem.key,
                     is_cycle ? fmt::format("the services wait for each other: {}", problem.text)
                              : fmt::format("there is no service \"{}\"", problem.name),
                     is_cycle ? "take one of them out of the circle" : did_you_mean(problem.name, known));
    }
  }

  void report_own_key(std::string_view service, std::string_view name, std::string message, std::string hint) {
    for (const Process* process : processes_) {
      if (service_name(*process) != service) continue;
      const auto key = std::ranges::find(process->own_keys, name, &OwnKey::name);
      if (key == process->own_keys.end()) continue;
      remarks_.add({.file = config_.files[key->where.file].path,
                    .line = key->value_at.at.line,
                    .column = key->value_at.at.column,
                    .key = std::string(name),
                    .message = std::move(message),
                    .hint = std::move(hint)});
      return;
    }
  }

  const Config& config_;
  const ToModelOptions& options_;
  Remarks remarks_;
  std::set<std::string> names_;
  std::vector<const Process*> processes_;
};

}  // namespace

std::string service_name(const Process& process) {
  return process.group == process.name ? process.name : process.group + ":" + process.name;
}

ToModel to_model(const Config& config, const ToModelOptions& options) {
  return Translator(config, options).run();
}

}  // namespace foster::config::supervisord
