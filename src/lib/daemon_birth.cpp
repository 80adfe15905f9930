#include "lib/daemon_birth.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "lib/daemon_steps.hpp"
#include "lib/launch_message.hpp"
#include "lib/launch_watch.hpp"
#include "sys/check.hpp"
#include "sys/procfs.hpp"

namespace foster {
namespace {

using sys::check;

/// Returns in the process that will be the daemon.
void separate(const DaemonizeOptions& options, sys::Channel& launcher, pid_t launcher_pid) {
  if (options.new_session && ::setsid() < 0) leave(launcher, {"setsid", errno, {}});
  if (!options.fork_again) return;
  const pid_t daemon = ::fork();
  if (daemon < 0) leave(launcher, {"fork", errno, {}});
  if (daemon > 0) watch_daemon(std::move(launcher), Pid(daemon), launcher_pid);
}

}  // namespace

Result<> check_options(const DaemonizeOptions& options) {
  if (options.pidfile && !options.pidfile->is_absolute()) {
    return failure("pidfile", EINVAL, options.pidfile->native() + " is not absolute");
  }
  for (const int number : options.keep_descriptors) {
    if (::fcntl(number, F_GETFD) < 0) return failure("keep descriptor", EBADF, std::to_string(number));
  }
  return {};
}

Result<std::optional<sys::Credentials>> find_identity(const DaemonizeOptions& options) {
  if (!options.identity) return std::optional<sys::Credentials>();
  auto found = sys::find_credentials(options.identity->user, options.identity->group);
  if (!found) return Failure(found.error());
  return std::optional(std::move(*found));
}

Result<UniqueFd> above_standard_streams(UniqueFd fd) {
  if (fd.get() > STDERR_FILENO) return fd;
  auto moved = check(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1), "move descriptor");
  if (!moved) return Failure(moved.error());
  return UniqueFd(*moved);
}

Result<std::pair<sys::Channel, sys::Channel>> make_launch_channel() {
  auto ends = sys::Channel::pair();
  if (!ends) return Failure(ends.error());
  auto ours = above_standard_streams(std::move(ends->first).into_fd());
  auto theirs = above_standard_streams(std::move(ends->second).into_fd());
  if (!ours || !theirs) return Failure(!ours ? ours.error() : theirs.error());
  return std::pair(sys::Channel(std::move(*ours)), sys::Channel(std::move(*theirs)));
}

void leave(sys::Channel& launcher, const Error& error) {
  send_message(launcher, failed_message(error, 1));
  ::_exit(1);
}

Daemon become_daemon(const DaemonizeOptions& options, const std::optional<sys::Credentials>& credentials,
                     sys::Channel launcher, pid_t launcher_pid) {
  separate(options, launcher, launcher_pid);
  auto pidfile = take_daemon_steps(options, credentials, launcher.fd());
  if (!pidfile) leave(launcher, pidfile.error());
  return DaemonAccess::make(std::move(launcher).into_fd(), std::move(*pidfile));
}

}  // namespace foster
