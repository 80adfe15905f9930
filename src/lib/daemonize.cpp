#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <string>
#include <utility>

#include <foster/daemonize.hpp>
#include "lib/daemon_steps.hpp"
#include "lib/launch_message.hpp"
#include "lib/launch_watch.hpp"
#include "sys/channel.hpp"
#include "sys/check.hpp"
#include "sys/credentials.hpp"
#include "sys/procfs.hpp"

namespace foster {

/// The only way to make a `Daemon`.
struct DaemonAccess {
  static Daemon make(UniqueFd launcher, std::optional<Pidfile> pidfile) {
    return Daemon(std::move(launcher), std::move(pidfile));
  }
};

namespace {

using sys::check;
using sys::check_done;

/// What can be found wrong is found while the caller can still be told directly.
Result<> check_options(const DaemonizeOptions& options) {
  if (options.pidfile && !options.pidfile->is_absolute()) {
    return failure("pidfile", EINVAL, options.pidfile->native() + " is not absolute");
  }
  if (std::ranges::any_of(options.keep_descriptors, [](int number) { return number < 0; })) {
    return failure("keep descriptor", EBADF, "negative number");
  }
  return {};
}

Result<std::optional<sys::Credentials>> find_identity(const DaemonizeOptions& options) {
  if (!options.identity) return std::optional<sys::Credentials>();
  auto found = sys::find_credentials(options.identity->user, options.identity->group);
  if (!found) return Failure(found.error());
  return std::optional(std::move(*found));
}

/// Without /proc nobody can tell, and the caller is believed.
Result<> check_single_thread() {
  const auto stat = sys::read_stat(Pid(::getpid()));
  if (!stat || stat->num_threads <= 1) return {};
  return failure("daemonize", EBUSY, std::to_string(stat->num_threads) + " threads are running, and a fork copies one");
}

/// What is in a buffer at the fork would come out of both processes.
void flush_streams() {
  std::cout.flush();
  std::clog.flush();
  (void)std::fflush(nullptr);
}

/// Where a standard stream was closed, a socket would take its number, and the redirection the socket's.
Result<sys::Channel> above_standard_streams(sys::Channel channel) {
  UniqueFd fd = std::move(channel).into_fd();
  if (fd.get() > STDERR_FILENO) return sys::Channel(std::move(fd));
  auto moved = check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "move socket");
  if (!moved) return Failure(moved.error());
  return sys::Channel(UniqueFd(*moved));
}

/// In the forked processes there is nobody to return an error to but the launcher.
[[noreturn]] void leave(sys::Channel& launcher, const Error& error) {
  send_message(launcher, failed_message(error, 1));
  ::_exit(1);
}

/// The first child: a session of its own, and the second fork. Returns in the process that will be the daemon.
void separate(const DaemonizeOptions& options, sys::Channel& launcher, pid_t launcher_pid) {
  if (options.new_session && ::setsid() < 0) leave(launcher, {"setsid", errno, {}});
  if (!options.fork_again) return;
  const pid_t daemon = ::fork();
  if (daemon < 0) leave(launcher, {"fork", errno, {}});
  if (daemon > 0) watch_daemon(std::move(launcher), Pid(daemon), launcher_pid);
}

Result<Detached> become_daemon_in_place(const DaemonizeOptions& options,
                                        const std::optional<sys::Credentials>& credentials) {
  flush_streams();
  if (options.new_session) {
    if (auto done = check_done(::setsid(), "setsid"); !done) return Failure(done.error());
  }
  auto pidfile = take_daemon_steps(options, credentials, std::nullopt);
  if (!pidfile) return Failure(pidfile.error());
  return Detached(DaemonAccess::make(UniqueFd(), std::move(*pidfile)));
}

}  // namespace

Daemon::Daemon(UniqueFd launcher, std::optional<Pidfile> pidfile) noexcept
    : launcher_(std::move(launcher)), pidfile_(std::move(pidfile)) {}

void Daemon::ready() noexcept {
  if (!launcher_) return;
  sys::Channel launcher(std::move(launcher_));
  send_message(launcher, {.kind = LaunchMessage::Kind::ready, .pid = ::getpid()});
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
  if (auto alone = check_single_thread(); !alone) return Failure(alone.error());
  auto ends = sys::Channel::pair();
  if (!ends) return Failure(ends.error());
  auto ours = above_standard_streams(std::move(ends->first));
  auto theirs = above_standard_streams(std::move(ends->second));
  if (!ours || !theirs) return Failure(!ours ? ours.error() : theirs.error());

  flush_streams();
  const pid_t launcher = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return failure("fork", errno);
  if (child > 0) {
    {
      const UniqueFd closed = std::move(*theirs).into_fd();
    }
    const auto kind = options.fork_again ? LaunchedChild::watcher : LaunchedChild::daemon;
    return Detached(wait_for_daemon(std::move(*ours), Pid(child), kind, options.patience));
  }
  {
    const UniqueFd closed = std::move(*ours).into_fd();
  }
  separate(options, *theirs, launcher);
  auto pidfile = take_daemon_steps(options, *credentials, theirs->fd());
  if (!pidfile) leave(*theirs, pidfile.error());
  return Detached(DaemonAccess::make(std::move(*theirs).into_fd(), std::move(*pidfile)));
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
