#include "sys/wait.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/check.hpp"

namespace foster::sys {
namespace {

// __WALL: a clone whose exit signal is not SIGCHLD is a child like any other.
std::optional<ExitReport> reap(Pid pid, int options) noexcept {
  ExitReport report{};
  report.pid =
      retry_on_eintr([&] { return ::wait4(pid.number(), &report.wait_status, options | __WALL, &report.usage); });
  if (report.pid != pid.number()) return std::nullopt;
  return report;
}

/// As wait4 would tell it (WEXITED only: there is no other code).
int wait_status_of(const siginfo_t& info) noexcept {
  constexpr int kCoreDumped = 0x80;
  switch (info.si_code) {
    case CLD_EXITED:
      return (info.si_status & 0xff) << 8;
    case CLD_DUMPED:
      return info.si_status | kCoreDumped;
    default:
      return info.si_status;
  }
}

// The system call itself gives the usage, which glibc's function leaves out.
ChildExit reap(BorrowedFd pidfd, int options) noexcept {
  siginfo_t info{};  // si_pid stays 0 when it has not ended
  ChildExit exit{.state = ChildExit::State::gone, .report = {}};
  const long done = retry_on_eintr([&] {
    return ::syscall(SYS_waitid, P_PIDFD, pidfd.get(), &info, WEXITED | __WALL | options, &exit.report.usage);
  });
  if (done != 0) return exit;
  exit.state = info.si_pid == 0 ? ChildExit::State::running : ChildExit::State::ended;
  exit.report.pid = info.si_pid;
  exit.report.wait_status = wait_status_of(info);
  return exit;
}

}  // namespace

std::optional<Pid> peek_exit() noexcept {
  siginfo_t info{};  // si_pid stays 0 when no child has ended
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 || info.si_pid == 0) return std::nullopt;
  return Pid(info.si_pid);
}

std::optional<ExitReport> release_exit(Pid pid) noexcept {
  return reap(pid, WNOHANG);
}

std::optional<ExitReport> await_exit(Pid pid) noexcept {
  return reap(pid, 0);
}

ChildExit release_exit(BorrowedFd pidfd) noexcept {
  return reap(pidfd, WNOHANG);
}

ChildExit await_exit(BorrowedFd pidfd) noexcept {
  return reap(pidfd, 0);
}

}  // namespace foster::sys
