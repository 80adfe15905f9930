#include "lib/guardian_process.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <span>

#include "sys/check.hpp"
#include "sys/close_fds.hpp"
#include "sys/own_children.hpp"

namespace foster {
namespace {

/// Orphans become our children without a signal, so nobody waits longer than this for one.
constexpr timespec kRound{0, 20'000'000};
/// Rounds in which nobody could be killed, before what is left is taken to be out of our reach.
constexpr int kPatience = 50;

[[noreturn]] void leave(GuardianExit code) noexcept {
  ::_exit(static_cast<int>(code));
}

/// The process itself, once its child runs.
class GuardianProcess {
 public:
  GuardianProcess(const GuardianDuty& duty, pid_t child) noexcept : duty_(duty), child_(child) {}

  [[noreturn]] void run() noexcept {
    for (;;) {
      wait_for_news();
      if (is_told_to_end()) leave(kill_everything());
      while (duty_.ended_children.read()) {
      }
      if (reap() == Left::nothing) leave(GuardianExit::done);
    }
  }

 private:
  enum class Left { nothing, something };

  void wait_for_news() noexcept {
    std::array<pollfd, 3> watched{pollfd{duty_.parent_pidfd.get(), POLLIN, 0},
                                  pollfd{duty_.parent.fd().get(), POLLIN, 0},
                                  pollfd{duty_.ended_children.fd().get(), POLLIN, 0}};
    (void)::poll(watched.data(), watched.size(), -1);
    parent_has_ended_ = watched[0].revents != 0;
  }

  // The parent says nothing but that it closes, or that its end of the channel is closed by execve.
  [[nodiscard]] bool is_told_to_end() noexcept {
    if (parent_has_ended_) return true;
    const auto receipt = duty_.parent.take({});
    return !receipt || receipt->outcome != sys::Channel::Outcome::empty;
  }

  /// Reaps whoever has ended, and reports the end of the child when all of those are gone.
  Left reap() noexcept {
    std::optional<sys::ExitReport> report;
    for (;;) {
      sys::ExitReport exit{};
      exit.pid = ::wait4(-1, &exit.wait_status, WNOHANG | __WALL, &exit.usage);
      if (exit.pid < 0 && errno == EINTR) continue;
      if (exit.pid == child_) report = exit;
      if (exit.pid > 0) continue;
      const Left left = exit.pid == 0 ? Left::something : Left::nothing;
      if (report) tell_end(*report, left);
      return left;
    }
  }

  void tell_end(const sys::ExitReport& report, Left left) noexcept {
    child_has_ended_ = true;
    const GuardianMessage message{
        .kind = GuardianMessage::Kind::ended, .is_last = left == Left::nothing, .started = {}, .report = report};
    (void)duty_.parent.send(std::as_bytes(std::span(&message, 1)));  // the parent may be gone
  }

  /// One generation after the other: the children of whoever is killed become ours.
  GuardianExit kill_everything() noexcept {
    if (duty_.cgroup_kill) (void)!::write(duty_.cgroup_kill->get(), "1", 1);
    for (int rounds_in_vain = 0; rounds_in_vain < kPatience; ++rounds_in_vain) {
      if (reap() == Left::nothing) return GuardianExit::done;
      if (kill_children()) rounds_in_vain = 0;
      sigset_t child_ended;
      sigemptyset(&child_ended);
      sigaddset(&child_ended, SIGCHLD);
      (void)::sigtimedwait(&child_ended, nullptr, &kRound);  // early is no harm: we look again
    }
    return GuardianExit::something_left;
  }

  /// Whether anybody could be killed.
  [[nodiscard]] bool kill_children() noexcept {
    bool could = false;
    sys::for_each_child([&](const sys::ProcessStat& stat) {
      if (stat.state != 'Z') could |= ::kill(stat.pid, SIGKILL) == 0;
    });
    // Where /proc shows nothing there is one whom we know.
    if (!could && !child_has_ended_) could = ::kill(child_, SIGKILL) == 0;
    return could;
  }

  const GuardianDuty& duty_;
  pid_t child_;
  bool child_has_ended_ = false;
  bool parent_has_ended_ = false;
};

/// A group of its own: who kills the group of the parent does not kill whoever is to clean up behind it. Not before
/// the child is there, whose group is the parent's.
void stand_apart(const GuardianDuty& duty) noexcept {
  (void)::setpgid(0, 0);
  (void)!::chdir("/");  // keeps no file system busy
  std::array kept{duty.parent.fd().get(), duty.parent_pidfd.get(), duty.ended_children.fd().get(),
                  duty.cgroup_kill ? duty.cgroup_kill->get() : duty.parent.fd().get()};
  std::ranges::sort(kept);
  const auto unique = std::ranges::unique(kept);
  const auto count = static_cast<std::size_t>(unique.begin() - kept.begin());
  // Whatever the program had open is the child's now; a copy here would keep pipes and locks alive.
  (void)sys::close_fds_from(0, kept.data(), count, sys::preferred_close_by());
}

}  // namespace

void run_guardian(const GuardianDuty& duty, const sys::StartChild& start) noexcept {
  (void)::prctl(PR_SET_NAME, "foster-guard");
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
  struct sigaction by_default{};  // an ignored SIGCHLD would have the kernel reap in our place
  (void)::sigaction(SIGCHLD, &by_default, nullptr);
  const sys::Started started = start();
  const GuardianMessage message{
      .kind = GuardianMessage::Kind::started, .is_last = false, .started = started, .report = {}};
  const UniqueFd pidfd(started.pidfd);
  const bool runs = started.pid > 0 && started.failure.step == sys::ChildStep::none;
  const BorrowedFd sent(pidfd);
  (void)duty.parent.send(std::as_bytes(std::span(&message, 1)), std::span(&sent, runs ? 1U : 0U));
  if (!runs) leave(GuardianExit::done);
  stand_apart(duty);
  GuardianProcess(duty, started.pid).run();
}

}  // namespace foster
