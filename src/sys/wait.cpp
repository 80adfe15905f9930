#include "sys/wait.hpp"

#include <sys/wait.h>

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

}  // namespace foster::sys
