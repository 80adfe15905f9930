#include <foster/service.hpp>

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>
#include <variant>

#include "lib/pidfile_lock.hpp"
#include "lib/service_holder.hpp"

namespace foster {
namespace {

struct Word {
  std::string_view text;
  ServiceAction action;
};
constexpr std::array kWords{
    Word{"run", ServiceAction::run},
    Word{"start", ServiceAction::start},
    Word{"stop", ServiceAction::stop},
    Word{"restart", ServiceAction::restart},
    Word{"try-restart", ServiceAction::try_restart},
    Word{"reload", ServiceAction::reload},
    Word{"force-reload", ServiceAction::force_reload},
    Word{"status", ServiceAction::status},
    Word{"condrestart", ServiceAction::try_restart},  // an older name, not shown
};

std::string usage(const std::string& name) {
  std::string text = "usage: " + name + " ";
  for (const Word& word : kWords) {
    if (word.text == "condrestart") continue;
    text += text.ends_with(' ') ? "" : "|";
    text += word.text;
  }
  return text;
}

std::string process(Pid pid) {
  return "process " + std::to_string(pid.number());
}

bool is_about_rights(const Error& error) {
  return error.code == EPERM || error.code == EACCES;
}

bool is_held_by_another(const Error& error) {
  return error.step == "pidfile" && error.code == EWOULDBLOCK;
}

/// Codes that LSB has no meaning for would be taken for something else by whoever reads them.
int lsb_code(int code) {
  const bool has_meaning = (code >= 1 && code <= 7) || (code >= 150 && code <= 199);
  return has_meaning ? code : static_cast<int>(LsbCode::error);
}

/// Emptied means ended in order, where the file could not be removed.
bool has_content(const std::filesystem::path& pidfile) {
  struct stat info{};
  return ::lstat(pidfile.c_str(), &info) == 0 && info.st_size > 0;
}

}  // namespace

std::optional<ServiceAction> service_action(std::string_view word) noexcept {
  for (const Word& known : kWords) {
    if (known.text == word) return known.action;
  }
  return std::nullopt;
}

ServiceProcess::ServiceProcess(Daemon daemon, Ground ground)
    : daemon_(std::move(daemon)), notifier_(Notifier::from_environment()), ground_(ground) {
  notifier_.also_tell_launcher(daemon_);
}

void ServiceProcess::ready(std::string_view message) {
  (void)notifier_.ready(message);  // it works all the same when nobody can be told
}

int ServiceProcess::fail(const Error& error, LsbCode code) {
  failure_ = to_string(error);
  return daemon_.fail(error, static_cast<int>(code));
}

ServiceResult Service::tell(LsbCode code, std::string_view what) const {
  return {static_cast<int>(code), options_.name + ": " + std::string(what)};
}

ServiceResult Service::refused(const Error& error) const {
  return tell(is_about_rights(error) ? LsbCode::no_rights : LsbCode::error, to_string(error));
}

int Service::main(int argc, const char* const* argv) {
  const auto action = argc == 2 ? service_action(argv[1]) : std::nullopt;
  const ServiceResult result =
      action ? perform(*action) : ServiceResult{static_cast<int>(LsbCode::usage), usage(options_.name)};
  if (!result.text.empty()) {
    // "Not running" is what status was asked for, and no failure.
    std::FILE* to = result.exit_code == 0 || action == ServiceAction::status ? stdout : stderr;
    std::fprintf(to, "%s\n", result.text.c_str());
    (void)std::fflush(to);
  }
  return result.exit_code;
}

ServiceResult Service::perform(ServiceAction action) {
  if (!options_.daemon.pidfile) return refused({"service", EINVAL, "no pidfile"});
  if (!options_.daemon.fork) return refused({"service", EINVAL, "a daemon without fork"});
  switch (action) {
    case ServiceAction::run:
      return run_in_foreground();
    case ServiceAction::start:
      return start();
    case ServiceAction::stop:
      return stop();
    case ServiceAction::restart:
      return restart();
    case ServiceAction::reload:
      return reload();
    case ServiceAction::status:
      return status();
    case ServiceAction::try_restart: {
      const ServiceResult now = status();
      if (now.exit_code == static_cast<int>(LsbStatus::running)) return restart();
      if (now.exit_code != static_cast<int>(LsbStatus::unknown)) return tell(LsbCode::success, "not running");
      return {static_cast<int>(LsbCode::error), now.text};
    }
    case ServiceAction::force_reload:
      if (options_.reload) return reload();
      if (status().exit_code == static_cast<int>(LsbStatus::running)) return restart();
      return tell(LsbCode::not_running, "not running");
  }
  return {};
}

ServiceResult Service::run_in_foreground() {
  DaemonizeOptions here = options_.daemon;
  here.fork = false;
  here.new_session = false;
  here.reset_signals = false;
  here.close_descriptors = false;
  here.standard_input = here.standard_output = here.standard_error = KeepStream{};
  auto detached = detach(here);
  if (!detached) return refused(detached.error());
  return serve(std::get<Daemon>(std::move(*detached)), ServiceProcess::Ground::foreground);
}

ServiceResult Service::serve(Daemon daemon, ServiceProcess::Ground ground) {
  ServiceProcess process(std::move(daemon), ground);
  const int code = run(process);
  if (process.failure_.empty()) return {code};
  return {code, options_.name + ": " + process.failure_};
}

ServiceResult Service::start() {
  // What stands in the way of asking stands in the way of starting, and is said there.
  if (const auto running = find_pidfile_holder(*options_.daemon.pidfile); running && *running) {
    return tell(LsbCode::success, "already running as " + process((*running)->pid()));
  }
  auto detached = detach(options_.daemon);
  if (!detached) return refused(detached.error());
  if (auto* daemon = std::get_if<Daemon>(&*detached)) {
    return serve(std::move(*daemon), ServiceProcess::Ground::background);
  }
  return launched(std::get<LaunchReport>(*detached));
}

ServiceResult Service::launched(const LaunchReport& report) const {
  if (report.error) {
    // Another start was faster.
    if (is_held_by_another(*report.error)) {
      if (const auto running = find_pidfile_holder(*options_.daemon.pidfile); running && *running) {
        return tell(LsbCode::success, "already running as " + process((*running)->pid()));
      }
    }
    const int code = lsb_code(report.exit_code);
    if (code == static_cast<int>(LsbCode::error)) return refused(*report.error);
    return {code, options_.name + ": " + to_string(*report.error)};
  }
  std::string text = "started";
  if (report.daemon) text += " as " + process(*report.daemon);
  if (!report.message.empty()) text += ", " + report.message;
  return tell(LsbCode::success, text);
}

ServiceResult Service::stop() {
  const auto running = find_pidfile_holder(*options_.daemon.pidfile);
  if (!running) return refused(running.error());
  if (*running) {
    if (auto ended = end_process(**running, options_.stop); !ended) return refused(ended.error());
  }
  // Its own guard may have been faster, or may not have been there.
  remove_stale_pidfile(*options_.daemon.pidfile);
  return tell(LsbCode::success, *running ? "stopped " + process((*running)->pid()) : "not running");
}

ServiceResult Service::restart() {
  const ServiceResult stopped = stop();
  return stopped.exit_code == 0 ? start() : stopped;
}

ServiceResult Service::reload() {
  if (!options_.reload) return tell(LsbCode::unimplemented, "cannot reload, only restart");
  const auto running = find_pidfile_holder(*options_.daemon.pidfile);
  if (!running) return refused(running.error());
  if (!*running) return tell(LsbCode::not_running, "not running");
  if (auto asked = (*running)->signal(*options_.reload); !asked) return refused(asked.error());
  return tell(LsbCode::success, "told " + process((*running)->pid()) + " to reload");
}

ServiceResult Service::status() const {
  const auto& pidfile = *options_.daemon.pidfile;
  const auto told = [&](LsbStatus status, const std::string& what) {
    return ServiceResult{static_cast<int>(status), options_.name + ": " + what};
  };
  const auto running = find_pidfile_holder(pidfile);
  if (!running) return told(LsbStatus::unknown, "unknown: " + to_string(running.error()));
  if (*running) return told(LsbStatus::running, "running as " + process((*running)->pid()));
  if (has_content(pidfile)) return told(LsbStatus::dead_with_pidfile, "dead, but " + pidfile.native() + " exists");
  return told(LsbStatus::not_running, "not running");
}

}  // namespace foster
