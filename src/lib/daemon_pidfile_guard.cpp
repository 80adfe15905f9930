#include "lib/daemon_pidfile_guard.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>

#include "sys/check.hpp"
#include "sys/close_fds.hpp"
#include "sys/pidfd.hpp"
#include "sys/signals.hpp"

namespace foster {
namespace {

using sys::check;

/// All that the guard works on.
struct Watch {
  int daemon;     ///< A pidfd.
  int directory;  ///< Where the file lies, so that nobody can put another directory in the path's way.
  const char* name;
  int file;  ///< Of the same description as the daemon's: as long as it is open, nobody else gets the lock.
  sys::CloseBy close_by;
};

/// Only async-signal-safe calls: the daemon may have threads.
[[noreturn]] void guard(const Watch& watch) noexcept {
  std::array kept{watch.daemon, watch.directory, watch.file};
  std::ranges::sort(kept);
  (void)sys::close_fds_from(0, kept.data(), kept.size(), watch.close_by);
  (void)!::chdir("/");
  (void)::prctl(PR_SET_NAME, "pidfile guard");
  pollfd ended{watch.daemon, POLLIN, 0};
  while (::poll(&ended, 1, -1) != 1) {
  }
  struct stat held{};
  struct stat named{};
  if (::fstat(watch.file, &held) == 0 && ::fstatat(watch.directory, watch.name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
      held.st_dev == named.st_dev && held.st_ino == named.st_ino) {
    (void)::unlinkat(watch.directory, watch.name, 0);
  }
  ::_exit(0);
}

}  // namespace

Result<> start_pidfile_guard(const Pidfile& pidfile) {
  const auto self = sys::ProcessHandle::open(Pid(::getpid()));
  if (!self) return failure("pidfile guard", self.error().code);
  const std::string directory = pidfile.path().parent_path();
  auto opened = check(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "pidfile guard", directory);
  if (!opened) return Failure(opened.error());
  const UniqueFd directory_fd(*opened);
  const std::string name = pidfile.path().filename();
  const Watch watch{self->fd().get(), directory_fd.get(), name.c_str(), pidfile.fd().get(), sys::preferred_close_by()};
  // Blocked for good in the guard: a signal to the daemon's process group must not end it first.
  const sys::ScopedSignalMask blocked;
  // A fork without the exit signal, and without the handlers of pthread_atfork.
  const long child = ::syscall(SYS_clone, 0UL, nullptr, nullptr, nullptr, 0UL);
  if (child == 0) guard(watch);
  return sys::check_done(child, "pidfile guard");
}

}  // namespace foster
