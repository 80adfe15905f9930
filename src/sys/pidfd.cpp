#include "sys/pidfd.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <string>

#include "sys/check.hpp"
#include "sys/facilities.hpp"
#include "sys/procfs.hpp"

namespace foster::sys {
namespace {

/// Before Linux 6.9 all pidfds share one anonymous inode, which says nothing. A running kernel has pidfs or not:
/// one look is enough.
bool is_on_pidfs(const UniqueFd& pidfd) noexcept {
  enum class Answer { unknown, no, yes };
  static std::atomic<Answer> remembered{Answer::unknown};
  Answer answer = remembered.load(std::memory_order_relaxed);
  if (answer == Answer::unknown) {
    constexpr auto kPidfsMagic = 0x50494446;
    struct statfs info{};
    if (::fstatfs(pidfd.get(), &info) != 0) return false;
    answer = info.f_type == kPidfsMagic ? Answer::yes : Answer::no;
    remembered.store(answer, std::memory_order_relaxed);
  }
  return answer == Answer::yes;
}

std::uint64_t inode_of(const UniqueFd& pidfd) noexcept {
  struct stat info{};
  if (!facility_allowed(Facility::pidfs_inode) || !is_on_pidfs(pidfd) || ::fstat(pidfd.get(), &info) != 0) return 0;
  return info.st_ino;
}

/// A zombie still answers; who was reaped does not.
bool is_reaped(const UniqueFd& pidfd) noexcept {
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), 0, nullptr, 0) != 0 && errno == ESRCH;
}

Failure no_such_process(const char* step, Pid pid) {
  return failure(step, ESRCH, std::to_string(pid.number()));
}

}  // namespace

Result<ProcessHandle> ProcessHandle::open(Pid pid) {
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid.number(), 0)));
  if (!pidfd) {
    // EINVAL and, later, ENOENT: the number is that of a thread now, so no process has it.
    const int code = errno == EINVAL || errno == ENOENT ? ESRCH : errno;
    return failure("pidfd_open", code, std::to_string(pid.number()));
  }
  return adopt(pid, std::move(pidfd));
}

Result<ProcessHandle> ProcessHandle::open(const ProcessIdentity& wanted) {
  if (wanted.pid <= 0 || (wanted.start_time == 0 && wanted.inode == 0)) {
    return failure("pidfd_open", EINVAL, "identity of " + std::to_string(wanted.pid));
  }
  auto handle = open(Pid(wanted.pid));
  if (!handle) return handle;
  const bool both_have_inodes = wanted.inode != 0 && handle->inode_ != 0;
  if (both_have_inodes && wanted.inode != handle->inode_) return no_such_process("pidfd_open", handle->pid_);
  if (wanted.start_time != 0) {
    // An unknown start time means that it was reaped while we looked.
    if (handle->identity().start_time != wanted.start_time) return no_such_process("pidfd_open", handle->pid_);
  } else if (!both_have_inodes) {
    return failure("pidfd_open", EINVAL, "identity of " + std::to_string(wanted.pid));
  }
  return handle;
}

Result<ProcessHandle> ProcessHandle::adopt(Pid pid, UniqueFd pidfd) {
  if (!pidfd) return failure("adopt pidfd", EBADF, std::to_string(pid.number()));
  const std::uint64_t inode = inode_of(pidfd);
  return ProcessHandle(pid, std::move(pidfd), inode);
}

bool ProcessHandle::is_alive() const noexcept {
  pollfd ended{pidfd_.get(), POLLIN, 0};
  return retry_on_eintr([&] { return ::poll(&ended, 1, 0); }) == 0;
}

Result<> ProcessHandle::signal(Signal signal) const {
  if (::syscall(SYS_pidfd_send_signal, pidfd_.get(), signal.number(), nullptr, 0) == 0) return {};
  const int code = errno;
  return failure("signal", code, "SIG" + signal.name() + " to " + std::to_string(pid_.number()));
}

Result<UniqueFd> ProcessHandle::copy_descriptor(int number) const {
  UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_getfd, pidfd_.get(), number, 0)));  // close-on-exec by itself
  if (!fd) return failure("pidfd_getfd", errno, std::to_string(pid_.number()));
  return fd;
}

Result<> ProcessHandle::signal_group(Signal signal) const {
  const pid_t pid = pid_.number();
  if (!is_alive()) return failure("signal", ESRCH, "SIG" + signal.name() + " to the group of " + std::to_string(pid));
  if (::getpgid(pid) != pid) return this->signal(signal);
  if (::kill(-pid, signal.number()) == 0) return {};
  const int code = errno;
  return failure("signal", code, "SIG" + signal.name() + " to the group of " + std::to_string(pid));
}

ProcessIdentity ProcessHandle::identity() const noexcept {
  if (!start_time_) {
    const auto stat = read_stat(pid_);
    // Not reaped even now, so the pid was its own when the file was read.
    if (stat && !is_reaped(pidfd_)) start_time_ = stat->starttime;
  }
  return {pid_.number(), start_time_.value_or(0), inode_};
}

ProcessIdentity ProcessHandle::cheap_identity() const noexcept {
  if (inode_ == 0) return identity();
  return {pid_.number(), start_time_.value_or(0), inode_};
}

}  // namespace foster::sys
