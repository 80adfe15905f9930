#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include <foster/daemonize.hpp>
#include "lib/before_fork.hpp"
#include "lib/daemon_birth.hpp"
#include "lib/daemon_steps.hpp"
#include "lib/launch_message.hpp"
#include "lib/launch_watch.hpp"
#include "sys/channel.hpp"
#include "sys/check.hpp"

namespace foster {
namespace {

Result<Detached> become_daemon_in_place(const DaemonizeOptions& options,
                                        const std::optional<sys::Credentials>& credentials) {
  flush_streams();
  if (options.new_session) {
    if (auto done = sys::check_done(::setsid(), "setsid"); !done) return Failure(done.error());
  }
  auto pidfile = take_daemon_steps(options, credentials, std::nullopt);
  if (!pidfile) return Failure(pidfile.error());
  return Detached(DaemonAccess::make(UniqueFd(), std::move(*pidfile)));
}

}  // namespace

Daemon DaemonAccess::make(UniqueFd launcher, std::optional<Pidfile> pidfile) {
  return {std::move(launcher), std::move(pidfile)};
}

Daemon::Daemon(UniqueFd launcher, std::optional<Pidfile> pidfile) noexcept
    : launcher_(std::move(launcher)), pidfile_(std::move(pidfile)) {}

void Daemon::ready(std::string_view message) noexcept {
  if (!launcher_) return;
  sys::Channel launcher(std::move(launcher_));
  send_message(launcher, ready_message(Pid(::getpid()), message));
}

int Daemon::fail(const Error& error, int exit_code) noexcept {
  if (launcher_) {
    sys::Channel launcher(std::move(launcher_));
    send_message(launcher, failed_message(error, exit_code));
  }
  return exit_code;
}

Result<Detached> detach(const DaemonizeOptions& options) {
  if (auto sound = check_options(options); !sound) return Failure(sound.error());
  auto credentials = find_identity(options);
  if (!credentials) return Failure(credentials.error());
  if (!options.fork) return become_daemon_in_place(options, *credentials);
  if (auto alone = check_single_thread("daemonize"); !alone) {
    Error error = std::move(alone).error();
    error.detail += "; daemonize_by_reexec starts the program anew";
    return Failure(std::move(error));
  }
  auto ends = make_launch_channel();
  if (!ends) return Failure(ends.error());
  auto& [ours, theirs] = *ends;

  flush_streams();
  const pid_t launcher = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return failure("fork", errno);
  if (child > 0) {
    {
      // Before the wait, which must see the end of the daemon's side, and takes this number for a pidfd.
      const UniqueFd closed = std::move(theirs).into_fd();
    }
    const auto kind = options.fork_again ? LaunchedChild::watcher : LaunchedChild::daemon;
    return Detached(wait_for_daemon(std::move(ours), Pid(child), kind, options.patience));
  }
  {
    const UniqueFd closed = std::move(ours).into_fd();
  }
  return Detached(become_daemon(options, *credentials, std::move(theirs), launcher));
}

Result<Daemon> daemonize(const DaemonizeOptions& options) {
  auto detached = detach(options);
  if (!detached) return Failure(detached.error());
  if (auto* daemon = std::get_if<Daemon>(&*detached)) return std::move(*daemon);
  const auto& report = std::get<LaunchReport>(*detached);
  if (report.error) {
    const std::string line = to_string(*report.error) + "\n";
    (void)!::write(STDERR_FILENO, line.data(), line.size());  // nowhere else to complain
  }
  ::_exit(report.exit_code);  // the daemon goes on in this program's place; its exit handlers run there
}

}  // namespace foster
