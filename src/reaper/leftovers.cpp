#include "reaper/leftovers.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "sys/clock.hpp"
#include "sys/own_children.hpp"

namespace foster::reaper {
namespace {

using Instant = std::chrono::nanoseconds;

/// Who was sent SIGTERM, so that nobody gets it twice: some take the second one for "at once". Whoever finds no
/// place here is not asked, and gets SIGKILL in the end.
class Asked {
 public:
  [[nodiscard]] bool add(pid_t pid) noexcept {
    const auto end = pids_.begin() + static_cast<std::ptrdiff_t>(count_);
    if (count_ == pids_.size() || std::find(pids_.begin(), end, pid) != end) return false;
    pids_[count_++] = pid;
    return true;
  }

 private:
  std::array<pid_t, 512> pids_;
  std::size_t count_ = 0;
};

Left reap_ended() noexcept {
  for (;;) {
    const pid_t pid = ::waitpid(-1, nullptr, WNOHANG | __WALL);
    if (pid == 0) return Left::something;
    if (pid < 0 && errno != EINTR) return Left::nothing;
  }
}

/// A child's pid stays its own until it is reaped here, so it may be signalled by number.
template <class Visit>
void for_each_live_child(Visit visit) noexcept {
  sys::for_each_child([&](const sys::ProcessStat& stat) {
    if (stat.state != 'Z') visit(stat.pid);
  });
}

bool is_whole_namespace(Scope scope) noexcept {
  return scope == Scope::pid_namespace && ::getpid() == 1;
}

/// Somebody else's orphan becomes a child without a signal, so nobody waits longer than this for one.
constexpr std::chrono::milliseconds kRound{20};

/// Until a child has ended or the time has come.
void wait_for_child(Instant until) noexcept {
  const Instant left = std::max(until - sys::monotonic_now(), Instant::zero());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{seconds.count(), (left - seconds).count()};
  sigset_t child_ended;
  sigemptyset(&child_ended);
  sigaddset(&child_ended, SIGCHLD);
  (void)::sigtimedwait(&child_ended, nullptr, &timeout);  // early is no harm: the caller looks again
}

/// A stopped process hears nothing before it goes on.
void ask(pid_t pid) noexcept {
  (void)::kill(pid, SIGTERM);
  (void)::kill(pid, SIGCONT);
}

Left ask_leftovers(Scope scope, Instant until) noexcept {
  Asked asked;
  if (is_whole_namespace(scope)) ask(-1);
  while (reap_ended() == Left::something) {
    if (sys::monotonic_now() >= until) return Left::something;
    if (!is_whole_namespace(scope)) {
      for_each_live_child([&](pid_t pid) {
        if (asked.add(pid)) ask(pid);
      });
    }
    wait_for_child(std::min(sys::monotonic_now() + kRound, until));
  }
  return Left::nothing;
}

}  // namespace

Left kill_leftovers(Scope scope) noexcept {
  const Instant give_up = sys::monotonic_now() + kKillPatience;
  while (reap_ended() == Left::something) {
    const Instant now = sys::monotonic_now();
    if (now >= give_up) return Left::something;
    if (is_whole_namespace(scope)) {
      (void)::kill(-1, SIGKILL);
    } else {
      for_each_live_child([](pid_t pid) { (void)::kill(pid, SIGKILL); });
    }
    wait_for_child(std::min(now + kRound, give_up));
  }
  return Left::nothing;
}

Left end_leftovers(Scope scope, std::chrono::milliseconds patience) noexcept {
  if (reap_ended() == Left::nothing) return Left::nothing;
  if (ask_leftovers(scope, sys::monotonic_now() + patience) == Left::nothing) return Left::nothing;
  return kill_leftovers(scope);
}

}  // namespace foster::reaper
