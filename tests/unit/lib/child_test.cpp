// A child from its start to its end: learned once, never signalled after it, no zombie on any way.
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdio>

#include <foster/child.hpp>
#include <foster/spawn.hpp>
#include "sys/facilities.hpp"
#include "unit/lib/children.hpp"

namespace foster {
namespace {

using namespace testing;
using namespace std::chrono_literals;

const Signal kTerm = *Signal::from_number(SIGTERM);
const Signal kKill = *Signal::from_number(SIGKILL);
const ExitStatus kKilled = Killed{kKill};

bool is_readable(BorrowedFd fd, int milliseconds = 0) {
  pollfd ready{fd.get(), POLLIN, 0};
  return ::poll(&ready, 1, milliseconds) == 1;
}

TEST(ChildWait, TellsHowItEnded) {
  EXPECT_EQ(start(shell("exit 42")).wait().status, ExitStatus(Exited{42}));
  EXPECT_EQ(start(shell("kill -KILL $$")).wait().status, kKilled);
  EXPECT_TRUE(has_no_children());
}

TEST(ChildWait, AnswersTheSameForEver) {
  Child child = start(shell("exit 3"));
  const Ended first = child.wait();
  EXPECT_EQ(child.wait(), first);
  EXPECT_EQ(child.try_wait(), first);
  EXPECT_EQ(child.wait_for(0s), first);
  const auto stopped = child.stop();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(*stopped, first);
}

TEST(ChildWait, IsEmptyWhileItRuns) {
  Cat cat;
  EXPECT_FALSE(cat.child().try_wait());
  EXPECT_FALSE(cat.child().wait_for(1ms));
  EXPECT_FALSE(cat.child().wait_until(std::chrono::steady_clock::now() - 1s));
  EXPECT_TRUE(cat.child().is_alive());
  EXPECT_FALSE(is_readable(cat.child().fd()));
  cat.close_input();
  EXPECT_TRUE(is_readable(cat.child().fd(), 30'000));
  EXPECT_FALSE(cat.child().is_alive());
  EXPECT_EQ(cat.child().wait_for(30s)->status, ExitStatus(Exited{0}));
}

TEST(ChildWait, TellsWhatWasUsed) {
  const Ended ended = start(shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done")).wait();
  EXPECT_GT(ended.use.user_time, 0us);
  EXPECT_GT(ended.use.most_resident_bytes, 100'000U);
  EXPECT_LT(ended.use.most_resident_bytes, 1'000'000'000U);
  EXPECT_GT(ended.use.minor_faults, 0U);
}

TEST(ChildWait, IsNotMisledByASignalHandler) {
  const int code = in_forked_process([] {
    struct sigaction action{};
    action.sa_handler = [](int) {};
    (void)::sigaction(SIGUSR1, &action, nullptr);
    Child child = start(shell("kill -USR1 $PPID; kill -USR1 $PPID; exit 5"));
    return child.wait().status == ExitStatus(Exited{5}) ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

class ChildReapedElsewhere : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { sys::forbid_facilities_for_testing(GetParam()); }
  void TearDown() override { sys::forbid_facilities_for_testing(""); }

  static bool kernel_remembers() {
    struct utsname system{};
    (void)::uname(&system);
    int major = 0, minor = 0;
    (void)std::sscanf(system.release, "%d.%d", &major, &minor);
    return std::string(GetParam()).empty() && (major > 6 || (major == 6 && minor >= 15));
  }
};

TEST_P(ChildReapedElsewhere, HasTheStatusThatTheKernelRemembers) {
  Child child = start(shell("exit 42"));
  ASSERT_EQ(::waitpid(-1, nullptr, 0), child.pid().number());
  EXPECT_EQ(child.signal(kTerm).error().code, ESRCH);
  const Ended ended = child.wait();
  EXPECT_EQ(ended.status, kernel_remembers() ? ExitStatus(Exited{42}) : ExitStatus(ExitUnknown{}));
  EXPECT_EQ(ended.use, ResourceUse{});
}

TEST_P(ChildReapedElsewhere, ByTheKernelIsNoDifference) {
  const int code = in_forked_process([] {
    (void)::signal(SIGCHLD, SIG_IGN);
    Child child = start(shell("exit 42"));
    const Ended ended = child.wait();
    const auto expected = kernel_remembers() ? ExitStatus(Exited{42}) : ExitStatus(ExitUnknown{});
    return ended.status == expected && has_no_children() ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

INSTANTIATE_TEST_SUITE_P(, ChildReapedElsewhere, ::testing::Values("", "pidfd_exit_info"), [](const auto& test) {
  return std::string(test.param).empty() ? std::string("WithWhatThereIs") : std::string("WithoutExitInfo");
});

TEST(ChildSignal, ReachesTheProcess) {
  Cat cat;
  ASSERT_TRUE(cat.child().signal(kTerm));
  EXPECT_EQ(cat.child().wait().status, ExitStatus(Killed{kTerm}));
}

TEST(ChildSignal, IsNeverSentAfterTheEndWasLearned) {
  Cat cat;
  cat.close_input();
  cat.child().wait();
  EXPECT_EQ(cat.child().signal(kTerm).error().code, ESRCH);
}

TEST(ChildStop, AsksFirst) {
  SpawnPlan plan = shell("trap 'exit 7' TERM; echo; while :; do read line; done");
  plan.fds = {{0, PipeFd{}}, {1, PipeFd{}}};
  Child child = start(plan);
  char ready = 0;
  ASSERT_EQ(::read(child.take_output().get(), &ready, 1), 1);
  EXPECT_EQ(child.stop({.patience = 60s})->status, ExitStatus(Exited{7}));
}

TEST(ChildStop, InsistsWhenNobodyListens) {
  SpawnPlan plan = sleeper();
  plan.ignored_signals = {kTerm};
  Child child = start(plan);
  EXPECT_EQ(child.stop({.patience = 10ms})->status, kKilled);
  EXPECT_TRUE(has_no_children());
}

TEST(ChildStop, DoesNotAskWithoutPatience) {
  Cat cat;
  EXPECT_EQ(cat.child().stop({.patience = 0ms})->status, kKilled);
}

TEST(ChildStop, WakesAStoppedProcess) {
  Cat cat;
  ASSERT_TRUE(cat.child().signal(*Signal::from_number(SIGSTOP)));
  ASSERT_TRUE(wait_until([&] { return stat_of(cat.pid())[0] == "T"; }));
  EXPECT_EQ(cat.child().stop({.patience = 60s})->status, ExitStatus(Killed{kTerm}));
}

/// A group whose leader ends when it is asked to, and whose second member does not listen.
SpawnPlan stubborn_family() {
  SpawnPlan plan = shell("trap 'exit 0' TERM; (trap '' TERM; sh -c 'echo $PPID'; sleep 1000) & wait");
  plan.fds[1] = PipeFd{};
  plan.session = ChildSession::new_group;
  return plan;
}

TEST(ChildStop, LeavesNothingOfItsGroup) {
  Child child = start(stubborn_family());
  const UniqueFd output = child.take_output();
  const Watched member(read_pid(output));
  EXPECT_TRUE(is_success(child.stop({.patience = 60s})->status));
  EXPECT_TRUE(member.ends());
  char byte = 0;
  EXPECT_EQ(::read(output.get(), &byte, 1), 0) << "somebody still holds the pipe";
}

TEST(ChildDestroyed, EndsWhatStopWouldEnd) {
  std::optional<Child> child(start(stubborn_family()));
  const UniqueFd output = child->take_output();
  const Watched member(read_pid(output));
  const Watched leader(child->pid().number());
  child.reset();
  EXPECT_FALSE(leader.is_alive());
  EXPECT_TRUE(member.ends());
  EXPECT_TRUE(has_no_children());
}

TEST(ChildDestroyed, InAForkedCopyTouchesNothing) {
  Cat cat;
  const int code = in_forked_process([&] {
    {
      const Child gone = std::move(cat.child());
    }
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(cat.answers());
}

TEST(ChildMoved, TheOneThatIsReplacedEnds) {
  Cat first;
  Cat second;
  const Watched replaced(first.pid());
  const pid_t kept = second.pid();
  first.child() = std::move(second.child());
  EXPECT_FALSE(replaced.is_alive());
  EXPECT_EQ(first.pid(), kept);
  EXPECT_TRUE(first.child().is_alive());
}

TEST(ChildOutOfReach, IsToldByStopAndReapedLater) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to give it away";
  const int code = in_forked_process([] {
    std::optional<Cat> cat(std::in_place);
    if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 1;
    const auto stopped = cat->child().stop({.patience = 0ms});
    if (stopped || stopped.error().code != EPERM) return 2;
    const Watched watched(cat->pid());
    cat.reset();  // the pipe closes, and so it ends by itself
    if (!watched.ends()) return 3;
    if (!spawn(command({"true"}))) return 4;
    return zombies_of_ours() == 0 && has_no_children() ? 0 : 5;
  });
  EXPECT_EQ(code, 0);
}

TEST(TenThousandChildren, LeaveNoZombieAtAnyTime) {
#if defined(FOSTER_SANITIZED)
  constexpr int kChildren = 300;
#else
  constexpr int kChildren = 10'000;
#endif
  const SpawnPlan plan = command({"/bin/true"});
  const std::size_t fds = open_fd_count();
  for (int i = 0; i < kChildren; ++i) {
    auto child = spawn(plan);
    ASSERT_TRUE(child) << to_string(child.error());
    if (i % 2 == 0) {
      ASSERT_TRUE(is_success(child->wait().status));
    }
    child = failure("gone", 0);
    ASSERT_TRUE(has_no_children()) << i;
  }
  EXPECT_EQ(open_fd_count(), fds);
}

}  // namespace
}  // namespace foster
