#include "sys/wait.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>

#include "sys/facilities.hpp"
#include "sys/pidfd_info.hpp"
#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using namespace testing;

Spawned ended_child(const std::string& script) {
  auto spawned = spawn(shell(script));
  EXPECT_TRUE(spawned);
  pollfd ended{spawned->pidfd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 10'000), 1);
  return std::move(*spawned);
}

TEST(PeekExit, FindsNothingWithoutChildrenOrWhileTheyLive) {
  EXPECT_FALSE(peek_exit());
  Cat cat;
  EXPECT_FALSE(peek_exit());
  EXPECT_FALSE(release_exit(Pid(cat.pid())));
}

TEST(PeekExit, LeavesTheZombieUntilItIsReleased) {
  const Spawned child = ended_child("exit 3");
  EXPECT_EQ(peek_exit(), child.pid);
  EXPECT_EQ(peek_exit(), child.pid);
  EXPECT_EQ(stat_of(child.pid.number()).at(0), "Z");
  const auto report = release_exit(child.pid);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->pid, child.pid.number());
  EXPECT_EQ(exit_status_from_wait(report->wait_status), ExitStatus(Exited{3}));
  EXPECT_FALSE(peek_exit());
  EXPECT_FALSE(release_exit(child.pid));
  EXPECT_TRUE(has_no_children());
}

TEST(PeekExit, FindsEachOfSeveral) {
  const Spawned first = ended_child("exit 1");
  const Spawned second = ended_child("exit 2");
  std::set<pid_t> found;
  while (const auto pid = peek_exit()) {
    found.insert(pid->number());
    ASSERT_TRUE(release_exit(*pid));
  }
  EXPECT_EQ(found, (std::set<pid_t>{first.pid.number(), second.pid.number()}));
}

TEST(PeekExit, FindsAChildWhoseExitSignalIsNotSigchld) {
  // With a bare clone: such a child is invisible to a plain wait.
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, nullptr));
  if (pid == 0) ::_exit(9);
  ASSERT_GT(pid, 0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT | __WALL), 0);
  EXPECT_EQ(peek_exit(), Pid(pid));
  EXPECT_TRUE(release_exit(Pid(pid)));
}

TEST(ExitReport, CarriesTheSignalAndTheResourcesUsed) {
  const Spawned child = ended_child("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; kill -USR1 $$");
  const auto report = release_exit(child.pid);
  ASSERT_TRUE(report);
  EXPECT_EQ(exit_status_from_wait(report->wait_status), ExitStatus(Killed{*Signal::from_name("USR1")}));
  EXPECT_GT(report->usage.ru_maxrss, 0);
  EXPECT_GT(report->usage.ru_utime.tv_sec * 1'000'000 + report->usage.ru_utime.tv_usec +
                report->usage.ru_stime.tv_sec * 1'000'000 + report->usage.ru_stime.tv_usec,
            0);
}

TEST(AwaitExit, SomebodyElsesProcessIsNotWaitedFor) {
  EXPECT_FALSE(await_exit(Pid(::getppid())));
}

TEST(ReleaseExitByPidfd, TellsRunningEndedAndGoneApart) {
  Cat cat;
  const BorrowedFd pidfd(cat.spawned().pidfd);
  EXPECT_EQ(release_exit(pidfd).state, ChildExit::State::running);
  cat.close_input();
  const ChildExit exit = await_exit(pidfd);
  EXPECT_EQ(exit.state, ChildExit::State::ended);
  EXPECT_EQ(exit.report.pid, cat.pid());
  EXPECT_EQ(exit.report.wait_status, 0);
  EXPECT_GT(exit.report.usage.ru_maxrss, 0);
  EXPECT_EQ(release_exit(pidfd).state, ChildExit::State::gone);
}

TEST(ReleaseExitByPidfd, GivesTheStatusThatWaitWouldGive) {
  for (const char* script : {"exit 0", "exit 255", "kill -KILL $$", "kill -USR1 $$", "ulimit -c 0; kill -QUIT $$"}) {
    const Spawned one = ended_child(script);
    const Spawned other = ended_child(script);
    EXPECT_EQ(release_exit(one.pidfd).report.wait_status, release_exit(other.pid)->wait_status) << script;
  }
}

TEST(WaitStatusAfterReaping, IsTheSameOrUnknown) {
  const Spawned child = ended_child("exit 42");
  EXPECT_FALSE(wait_status_after_reaping(child.pidfd)) << "nobody has reaped it yet";
  const auto report = release_exit(child.pid);
  ASSERT_TRUE(report);
  const auto known = wait_status_after_reaping(child.pidfd);
  if (known) {
    EXPECT_EQ(*known, report->wait_status);
  }
  forbid_facilities_for_testing("pidfd_exit_info");
  EXPECT_FALSE(wait_status_after_reaping(child.pidfd));
  forbid_facilities_for_testing("");
}

}  // namespace
}  // namespace foster::sys
