#include "reaper/launch.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <foster/ids.hpp>

#include "sys/in_child.hpp"
#include "sys/signals.hpp"
#include "sys/wait.hpp"

namespace foster::reaper {
namespace {

constexpr int kLastSignal = 64;
constexpr std::size_t kSignalSetSize = kLastSignal / 8;
constexpr std::size_t kStackSize = std::size_t{16} * 1024;

/// The last two are written by the child, whose memory is ours until exec.
struct Child {
  const LaunchPlan* plan;
  bool failed;
  int error;
};

// The kernel is asked directly: libraries and sanitizers need not know of a child on borrowed memory.

FOSTER_IN_CHILD void set_signals(const LaunchPlan& plan) noexcept {
  if (plan.signals == LaunchPlan::Signals::defaults) {
    const unsigned long by_default[8] = {};  // no smaller than the kernel's struct sigaction; SIG_DFL is 0
    for (int signal = 1; signal <= kLastSignal; ++signal) {
      (void)::syscall(SYS_rt_sigaction, signal, by_default, nullptr, kSignalSetSize);  // refused for KILL and STOP
    }
  }
  const std::uint64_t none = 0;
  const void* mask = plan.signals == LaunchPlan::Signals::defaults ? static_cast<const void*>(&none) : &plan.mask;
  (void)::syscall(SYS_rt_sigprocmask, SIG_SETMASK, mask, nullptr, kSignalSetSize);
}

// SIGTTOU is still blocked here, so the terminal may be taken from the background.
FOSTER_IN_CHILD void take_place(const LaunchPlan& plan) noexcept {
  if (!plan.own_group) return;
  (void)::syscall(SYS_setpgid, 0, 0);
  if (plan.foreground_terminal < 0) return;
  const pid_t group = static_cast<pid_t>(::syscall(SYS_getpid));
  (void)::syscall(SYS_ioctl, plan.foreground_terminal, TIOCSPGRP, &group);
}

FOSTER_IN_CHILD int run_child(void* argument) noexcept {
  Child& child = *static_cast<Child*>(argument);
  const LaunchPlan& plan = *child.plan;
  take_place(plan);
  for (std::size_t i = 0; i < plan.inherited_count; ++i) (void)::syscall(SYS_fcntl, plan.inherited[i], F_SETFD, 0);
  if (plan.restore_file_limit) (void)::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &plan.file_limit, nullptr);
  set_signals(plan);
  ::syscall(SYS_execve, plan.program, plan.argv, plan.environment);
  child.error = errno;
  if (plan.fallback != nullptr) ::syscall(SYS_execve, plan.fallback, plan.argv, plan.environment);
  child.failed = true;
  for (;;) ::syscall(SYS_exit_group, 127);
}

}  // namespace

Launched launch(const LaunchPlan& plan) noexcept {
  // A handler of ours must not run in the child, on our memory.
  const sys::ScopedSignalMask all_blocked;
  Child child{&plan, false, 0};
  alignas(16) std::array<std::byte, kStackSize> stack;  // only the pages that are used become real
  const pid_t pid = ::clone(run_child, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, &child);
  if (pid < 0) return {0, errno};
  if (!child.failed) return {pid, 0};
  (void)sys::await_exit(Pid(pid));
  return {0, child.error};
}

}  // namespace foster::reaper
