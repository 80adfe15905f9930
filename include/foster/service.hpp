// A program that is its own daemon: start, stop, restart, reload and status by a pidfile, with the exit codes of the
// Linux Standard Base for init scripts. Looking for somebody who restarts it when it crashes? That is foster itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <foster/daemonize.hpp>
#include <foster/notify.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>
#include <foster/stop_plan.hpp>

namespace foster {

/// What can be asked of a service.
enum class ServiceAction {
  run,           ///< In the foreground, for a supervisor or a person who looks for a fault.
  start,         ///< As a daemon. One that runs already is a success.
  stop,          ///< Ask, wait, insist. One that does not run is a success.
  restart,       ///< Stop, then start; only start when it does not run.
  try_restart,   ///< The same for one that runs; otherwise nothing, successfully. Also "condrestart".
  reload,        ///< Sends the reload signal.
  force_reload,  ///< Reloads, or restarts a service that cannot.
  status,        ///< Tells whether it runs.
};

/// The action that this word means: "start", "try-restart"; empty for any other word.
[[nodiscard]] std::optional<ServiceAction> service_action(std::string_view word) noexcept;

/// What every action but `status` exits with (LSB Core 5.0, "Init Script Actions").
enum class LsbCode {
  success = 0,
  error = 1,
  usage = 2,
  unimplemented = 3,
  no_rights = 4,
  not_installed = 5,   ///< For the service itself to say, by `ServiceProcess::fail`.
  not_configured = 6,  ///< Likewise.
  not_running = 7,
};

/// What `status` exits with.
enum class LsbStatus {
  running = 0,
  dead_with_pidfile = 1,
  not_running = 3,
  unknown = 4,
};

/// How an action ended.
struct ServiceResult {
  int exit_code = 0;
  std::string text = {};  ///< One line for people; empty in a service that has done its work.
};

/// What a service is called, and how it starts, stops and reloads.
struct ServiceOptions {
  /// For people: "hello: started as process 4711".
  std::string name;
  /// How to become a daemon. `pidfile` is needed; `fork` must be true. In the foreground, of these only the directory,
  /// the umask, the pidfile and the identity are heeded.
  DaemonizeOptions daemon = {};
  StopPlan stop = {};
  /// What makes the service read its configuration again; empty when nothing does.
  std::optional<Signal> reload = Signal::from_number(SIGHUP);
};

/// The service's own side, in the process that does its work.
class ServiceProcess {
 public:
  /// It does its work: lets the launcher go, and tells a supervisor. `message` is shown by both.
  void ready(std::string_view message = {});

  /// It cannot: tells the launcher, or in the foreground whoever reads the result, and returns the code for the service
  /// to return. Use `LsbCode::not_installed` and `not_configured` where they fit.
  [[nodiscard]] int fail(const Error& error, LsbCode code = LsbCode::error);

  /// To say more: status, watchdog, stopping.
  [[nodiscard]] Notifier& notifier() noexcept { return notifier_; }

  /// Whether it runs in the foreground, for `ServiceAction::run`.
  [[nodiscard]] bool is_foreground() const noexcept { return ground_ == Ground::foreground; }

 private:
  friend class Service;
  enum class Ground { foreground, background };
  ServiceProcess(Daemon daemon, Ground ground);
  ServiceProcess(const ServiceProcess&) = delete;
  ServiceProcess& operator=(const ServiceProcess&) = delete;

  Daemon daemon_;
  Notifier notifier_;
  Ground ground_;
  std::string failure_;
};

/// A service. Give it a function, or derive from it and override `run`.
///
/// Whether it runs is decided by the lock of its pidfile, and whom to signal by whoever holds that lock, through a
/// process handle that was opened before it was proved: a stranger who has got the number of a service that crashed is
/// never signalled.
///
/// @example examples/service.cpp
class Service {
 public:
  /// What the service does; it returns the exit code of its process. Signals are its own affair: SIGTERM, or what
  /// `ServiceOptions::stop` says, should make it return.
  using Body = std::function<int(ServiceProcess&)>;

  /// With a body.
  Service(ServiceOptions options, Body body) : options_(std::move(options)), body_(std::move(body)) {}
  virtual ~Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// For `main`: takes the action from the only argument, performs it, and prints the result as one line: on standard
  /// output, or on standard error when it is a failure. `return service.main(argc, argv);`.
  ///
  /// @return The exit code. It returns in two processes after `start` and `restart`: in the launcher, when the service
  ///         is ready or has failed, and in the service, when that has ended.
  /// @blocks As `perform`.
  [[nodiscard]] int main(int argc, const char* const* argv);

  /// Performs one action without printing anything. Returns as `main` does.
  ///
  /// @return Codes as `LsbCode` has them. A start that failed passes on the code of the service where LSB has a meaning
  ///         for it, otherwise 1. EPERM and EACCES are `no_rights`.
  /// @blocks `start` until the service is ready, has failed, or `DaemonizeOptions::patience` has passed; `stop` until
  ///         it has ended, which takes the plan's patience and ten seconds more at most.
  [[nodiscard]] ServiceResult perform(ServiceAction action);

 protected:
  /// For a class that overrides `run`.
  explicit Service(ServiceOptions options) : options_(std::move(options)) {}

  /// What the service does.
  virtual int run(ServiceProcess& process) { return body_(process); }

 private:
  [[nodiscard]] ServiceResult run_in_foreground();
  [[nodiscard]] ServiceResult start();
  [[nodiscard]] ServiceResult stop();
  [[nodiscard]] ServiceResult restart();
  [[nodiscard]] ServiceResult reload();
  [[nodiscard]] ServiceResult status() const;
  [[nodiscard]] ServiceResult serve(Daemon daemon, ServiceProcess::Ground ground);
  [[nodiscard]] ServiceResult refused(const Error& error) const;
  [[nodiscard]] ServiceResult tell(LsbCode code, std::string_view what) const;
  [[nodiscard]] ServiceResult launched(const LaunchReport& report) const;

  ServiceOptions options_;
  Body body_;
};

}  // namespace foster
