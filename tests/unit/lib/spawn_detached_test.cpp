// A process that is nobody's child to wait for: who its parent is, and that nothing of the way there is left.
#include <gtest/gtest.h>

#include <csignal>

#include <foster/reap.hpp>
#include <foster/spawn.hpp>
#include "sys/facilities.hpp"
#include "unit/lib/children.hpp"

namespace foster {
namespace {

using namespace testing;

TEST(SpawnDetached, IsAdoptedByTheNearestSubreaper) {
  const ScopedSubreaper adopts_it;
  Pipe pipe = make_pipe();
  const int code = in_forked_process([&] {
    const auto detached = spawn_detached(sleeper());
    if (!detached) return 1;
    const pid_t pid = detached->pid.number();
    if (status_of(pid)["PPid"] != std::to_string(::getppid())) return 2;
    if (!has_no_children()) return 3;
    return ::write(pipe.writer.get(), &pid, sizeof pid) == sizeof pid ? 0 : 4;
  });
  ASSERT_EQ(code, 0);
  pid_t pid = -1;
  ASSERT_EQ(::read(pipe.reader.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  EXPECT_EQ(status_of(pid)["Name"], "sleep") << "it outlives who started it";
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
}

TEST(SpawnDetached, IsInANewSessionThatNobodyLeads) {
  SpawnPlan plan = sleeper();
  plan.session = ChildSession::new_session;
  const auto detached = spawn_detached(plan);
  ASSERT_TRUE(detached) << to_string(detached.error());
  const pid_t pid = detached->pid.number();
  EXPECT_NE(::getsid(pid), ::getsid(0));
  EXPECT_NE(::getsid(pid), pid) << "a leader could get a terminal";
  EXPECT_EQ(::getpgid(pid), ::getsid(pid));
  EXPECT_NE(::kill(::getsid(pid), 0), 0) << "the leader is gone";
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
}

TEST(SpawnDetached, ItsDescriptorTellsTheEnd) {
  const ScopedSubreaper adopts_it;
  const int code = in_forked_process([] {
    Pipe gate = make_pipe();
    SpawnPlan plan = command({"cat"});
    plan.fds[0] = LentFd{gate.reader};
    auto detached = spawn_detached(plan);
    if (!detached) return 1;
    pollfd end{detached->pidfd.get(), POLLIN, 0};
    if (::poll(&end, 1, 0) != 0) return 2;
    gate.writer.reset();
    return ::poll(&end, 1, 30'000) == 1 ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnDetached, SendsNoSignalOfTheProcessInBetween) {
  const ScopedSubreaper adopts_it;
  const int code = in_forked_process([] {
    sigset_t child_ended;
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    (void)::sigprocmask(SIG_BLOCK, &child_ended, nullptr);
    for (int i = 0; i < 20; ++i) {
      if (!spawn_detached(command({"true"}))) return 1;
    }
    sigset_t pending;
    (void)::sigpending(&pending);
    return sigismember(&pending, SIGCHLD) == 0 && has_no_children() ? 0 : 2;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnDetached, IsOurOwnOrphanWhereWeAreTheSubreaper) {
  const int code = in_forked_process([] {
    if (!become_subreaper()) return 1;
    const auto detached = spawn_detached(command({"true"}));
    if (!detached) return 2;
    return ::waitpid(detached->pid.number(), nullptr, 0) == detached->pid.number() && has_no_children() ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnDetached, ItsFailuresAreToldAndLeaveNothing) {
  SpawnPlan plan = command({"/bin/true"});
  plan.directory = "/no/such";
  const auto detached = spawn_detached(plan);
  ASSERT_FALSE(detached);
  EXPECT_EQ(to_string(detached.error()), "chdir /no/such: No such file or directory");
  EXPECT_TRUE(has_no_children());
}

TEST(SpawnDetached, TakesNoPipeAndNoTie) {
  SpawnPlan plan = command({"true"});
  plan.fds[1] = PipeFd{};
  EXPECT_EQ(spawn_detached(plan).error(), (Error{"spawn", EINVAL, "a pipe to nobody"}));
  plan.fds.clear();
  plan.tie_to_parent = TieToParent::process;
  EXPECT_EQ(spawn_detached(plan).error(), (Error{"spawn", EINVAL, "a tie to nobody"}));
}

TEST(SpawnDetached, WorksByThePlainCloneToo) {
  FOSTER_SKIP_PLAIN_CLONE_UNDER_TSAN();
  const ScopedSubreaper adopts_it;
  sys::forbid_facilities_for_testing("clone3,close_range");
  const int code = in_forked_process([] {
    const auto detached = spawn_detached(sleeper());
    if (!detached || status_of(detached->pid.number())["PPid"] != std::to_string(::getppid())) return 1;
    return ::kill(detached->pid.number(), SIGKILL) == 0 && has_no_children() ? 0 : 2;
  });
  sys::forbid_facilities_for_testing("");
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace foster
