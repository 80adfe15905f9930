#include "sys/child_program.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "sys/in_child.hpp"

// glibc's setuid and its kin tell every thread of the process, whose list we share with the parent; its sigaction
// and dup are watched by sanitizers. So the kernel is called directly, without exception. errno is the parent's own
// and the parent asleep.

namespace foster::sys {
namespace {

#ifdef SYS_setgroups32
constexpr long kSetgroups = SYS_setgroups32;
constexpr long kSetresgid = SYS_setresgid32;
constexpr long kSetresuid = SYS_setresuid32;
#else
constexpr long kSetgroups = SYS_setgroups;
constexpr long kSetresgid = SYS_setresgid;
constexpr long kSetresuid = SYS_setresuid;
#endif

constexpr int kLastSignal = 64;
constexpr std::size_t kSignalSetSize = kLastSignal / 8;

[[noreturn]] FOSTER_IN_CHILD void fail(ChildPlan& plan, ChildStep step, int error, std::size_t index = 0) noexcept {
  plan.failure.step = step;
  plan.failure.error = error;
  plan.failure.index = static_cast<std::int32_t>(index);
  for (;;) ::syscall(SYS_exit_group, 127);
}

FOSTER_IN_CHILD void require(bool succeeded, ChildPlan& plan, ChildStep step, std::size_t index = 0) noexcept {
  if (!succeeded) fail(plan, step, errno, index);
}

// Until this has happened nobody knows of the child; after it, the ledger does.
FOSTER_IN_CHILD void claim(ChildPlan& plan) noexcept {
  if (plan.claim_word == nullptr) return;
  auto* word = reinterpret_cast<std::uint64_t*>(plan.claim_word);
  std::uint64_t expected = plan.claim_expected;
  constexpr std::uint64_t kTicket = 0xffffffff00000000U;
  const std::uint64_t mine = (expected & kTicket) | static_cast<std::uint32_t>(::syscall(SYS_getpid));
  // The builtin, because an inlined std::atomic would be instrumented or not inlined at all.
  if (!__atomic_compare_exchange_n(word, &expected, mine, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
    fail(plan, ChildStep::claim, ECANCELED);
  }
}
static_assert(sizeof(std::atomic<std::uint64_t>) == sizeof(std::uint64_t));

FOSTER_IN_CHILD constexpr std::uint64_t bit(int signal) noexcept {
  return std::uint64_t{1} << (signal - 1);
}

FOSTER_IN_CHILD void set_dispositions(ChildPlan& plan, std::uint64_t signals, unsigned long handler) noexcept {
  const unsigned long action[8] = {handler};  // no smaller than the kernel's struct sigaction
  for (int signal = 1; signal <= kLastSignal; ++signal) {
    if ((signals & bit(signal)) == 0) continue;
    require(::syscall(SYS_rt_sigaction, signal, action, nullptr, kSignalSetSize) == 0, plan, ChildStep::signals);
  }
}

// exec would keep ignored signals ignored; and a handler must not run here, on the parent's memory.
FOSTER_IN_CHILD void reset_dispositions(ChildPlan& plan) noexcept {
  constexpr std::uint64_t kUnchangeable = bit(SIGKILL) | bit(SIGSTOP);
  set_dispositions(plan, plan.changed_signals & ~kUnchangeable, 0);  // SIG_DFL
}

FOSTER_IN_CHILD void ignore_signals(ChildPlan& plan) noexcept {
  set_dispositions(plan, plan.ignored_signals, 1);  // SIG_IGN
}

FOSTER_IN_CHILD void enter_session(ChildPlan& plan) noexcept {
  switch (plan.session) {
    case SessionMode::keep:
      return;
    case SessionMode::new_session:
      return require(::syscall(SYS_setsid) >= 0, plan, ChildStep::session);
    case SessionMode::new_group:
      return require(::syscall(SYS_setpgid, 0, 0) == 0, plan, ChildStep::session);
  }
}

FOSTER_IN_CHILD void enter_cgroup(ChildPlan& plan) noexcept {
  if (plan.cgroup_procs_fd < 0) return;
  require(::syscall(SYS_write, plan.cgroup_procs_fd, "0", 1) == 1, plan, ChildStep::cgroup);
}

FOSTER_IN_CHILD void set_nice_and_umask(ChildPlan& plan) noexcept {
  if (plan.nice.wanted) {
    require(::syscall(SYS_setpriority, PRIO_PROCESS, 0, plan.nice.value) == 0, plan, ChildStep::nice);
  }
  if (plan.umask.wanted) (void)::syscall(SYS_umask, plan.umask.value);
}

// Until here the table is the parent's, where no number may be touched. A table of our own needs only its lowest
// part; where that cannot be said, all of it.
FOSTER_IN_CHILD void unshare_fds(ChildPlan& plan) noexcept {
  if (plan.unshare_from < 0) return;
  if (::syscall(SYS_close_range, plan.unshare_from, ~0U, CLOSE_RANGE_UNSHARE) == 0) return;
  require(::syscall(SYS_unshare, CLONE_FILES) == 0, plan, ChildStep::descriptor);
}

// First every source that a target could overwrite moves out of the way, then each takes its place. The copy to
// the target is the one without close-on-exec.
FOSTER_IN_CHILD void place_fds(ChildPlan& plan) noexcept {
  const ChildArray<ChildFd>& fds = plan.fds;
  for (std::size_t i = 0; i < fds.size; ++i) {
    ChildFd& fd = fds.data[i];
    fd.moved = fd.source;
    if (fd.source > plan.highest_target) continue;
    fd.moved = static_cast<int>(::syscall(SYS_fcntl, fd.source, F_DUPFD_CLOEXEC, plan.highest_target + 1));
    require(fd.moved >= 0, plan, ChildStep::descriptor, i);
  }
  for (std::size_t i = 0; i < fds.size; ++i) {
    const ChildFd& fd = fds.data[i];
    require(::syscall(SYS_dup3, fd.moved, fd.target, 0) >= 0, plan, ChildStep::descriptor, i);
  }
}

// Closed, not marked close-on-exec: exec wakes the parent before it closes, and until then the parent's pidfds
// would live on here with their epoll registrations.
FOSTER_IN_CHILD void close_others(ChildPlan& plan) noexcept {
  if (!plan.close_others) return;
  constexpr int kFirst = 3;
  const int error = close_fds_from(kFirst, plan.kept_fds.data, plan.kept_fds.size, plan.close_by);
  if (error != 0) fail(plan, ChildStep::close_others, error);
}

FOSTER_IN_CHILD void set_limits(ChildPlan& plan) noexcept {
  for (std::size_t i = 0; i < plan.limits.size; ++i) {
    const ChildLimit& limit = plan.limits.data[i];
    require(::syscall(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr) == 0, plan, ChildStep::limit, i);
  }
}

// In this order: without its uid the process may no longer change its groups.
FOSTER_IN_CHILD void change_ids(ChildPlan& plan) noexcept {
  if (plan.set_groups) {
    require(::syscall(kSetgroups, plan.groups.size, plan.groups.data) == 0, plan, ChildStep::groups);
  }
  if (plan.gid.wanted) {
    const gid_t gid = plan.gid.value;
    require(::syscall(kSetresgid, gid, gid, gid) == 0, plan, ChildStep::setgid);
  }
  if (plan.uid.wanted) {
    const uid_t uid = plan.uid.value;
    require(::syscall(kSetresuid, uid, uid, uid) == 0, plan, ChildStep::setuid);
  }
}

// After the ids, whose change would clear it. A parent that ended before this line sends nothing any more.
FOSTER_IN_CHILD void watch_parent(ChildPlan& plan) noexcept {
  if (plan.parent_death_signal == 0) return;
  const auto signal = static_cast<unsigned long>(plan.parent_death_signal);
  require(::syscall(SYS_prctl, PR_SET_PDEATHSIG, signal, 0UL, 0UL, 0UL) == 0, plan, ChildStep::parent_death);
  if (::syscall(SYS_getppid) != plan.expected_parent) fail(plan, ChildStep::parent_death, ESRCH);
}

FOSTER_IN_CHILD void give_up_privileges(ChildPlan& plan) noexcept {
  if (!plan.no_new_privileges) return;
  require(::syscall(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0, plan, ChildStep::no_new_privileges);
}

FOSTER_IN_CHILD void change_directory(ChildPlan& plan) noexcept {
  if (plan.directory != nullptr) require(::syscall(SYS_chdir, plan.directory) == 0, plan, ChildStep::chdir);
}

FOSTER_IN_CHILD void unblock_signals(ChildPlan& plan) noexcept {
  const std::uint64_t none = 0;
  const long done = ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, kSignalSetSize);
  require(done == 0, plan, ChildStep::signals);
}

}  // namespace

FOSTER_IN_CHILD void run_child_program(ChildPlan& plan) noexcept {
  claim(plan);
  reset_dispositions(plan);
  ignore_signals(plan);
  enter_session(plan);
  enter_cgroup(plan);
  set_nice_and_umask(plan);
  unshare_fds(plan);
  place_fds(plan);
  close_others(plan);
  set_limits(plan);
  change_ids(plan);
  watch_parent(plan);
  give_up_privileges(plan);
  change_directory(plan);
  unblock_signals(plan);
  ::syscall(SYS_execve, plan.program, plan.argv, plan.environment);
  fail(plan, ChildStep::exec, errno);
}

}  // namespace foster::sys
