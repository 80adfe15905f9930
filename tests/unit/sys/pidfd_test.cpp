#include "sys/pidfd.hpp"

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "sys/facilities.hpp"
#include "sys/procfs.hpp"
#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using namespace testing;

const Signal kTerm = *Signal::from_name("TERM");

void wait_until_ended(const ProcessHandle& handle) {
  pollfd ended{handle.fd().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ended, 1, 10'000), 1);
}

TEST(ProcessHandle, NamesThisProcessAsTheKernelDoes) {
  const auto handle = ProcessHandle::open(Pid(::getpid()));
  ASSERT_TRUE(handle);
  EXPECT_EQ(handle->identity().start_time, std::stoull(stat_of(::getpid()).at(19)));
  EXPECT_TRUE(handle->is_alive());
  EXPECT_NE(::fcntl(handle->fd().get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(ProcessHandle, SignalReachesTheProcess) {
  Cat cat;
  const auto handle = ProcessHandle::open(Pid(cat.pid()));
  ASSERT_TRUE(handle);
  ASSERT_TRUE(handle->signal(kTerm));
  wait_until_ended(*handle);
  EXPECT_FALSE(handle->is_alive());
  const auto report = cat.finish();
  ASSERT_TRUE(report);
  EXPECT_EQ(exit_status_from_wait(report->wait_status), ExitStatus(Killed{kTerm}));
}

TEST(ProcessHandle, SignalForItsGroupReachesAllWhoAreInIt) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const pid_t leader = ::fork();
  if (leader == 0) {
    (void)::setpgid(0, 0);
    (void)::fork();
    (void)!::write(ends[1], "x", 1);
    for (;;) ::pause();
  }
  // Both are there, and in the group.
  char ready[2];
  ASSERT_EQ(::read(ends[0], &ready[0], 1), 1);
  ASSERT_EQ(::read(ends[0], &ready[1], 1), 1);
  ::close(ends[1]);
  const auto handle = ProcessHandle::open(Pid(leader));
  ASSERT_TRUE(handle);
  ASSERT_TRUE(handle->signal_group(kTerm));
  // The pipe ends with the last of them.
  EXPECT_EQ(::read(ends[0], ready, 1), 0);
  ::close(ends[0]);
  EXPECT_EQ(::waitpid(leader, nullptr, 0), leader);
}

TEST(ProcessHandle, SignalForAGroupItDoesNotLeadReachesItAlone) {
  Cat cat;
  const auto handle = ProcessHandle::open(Pid(cat.pid()));
  ASSERT_TRUE(handle);
  if (::getpgid(cat.pid()) == cat.pid()) GTEST_SKIP() << "it leads one";
  ASSERT_TRUE(handle->signal_group(kTerm));
  const auto report = cat.finish();
  ASSERT_TRUE(report);
  EXPECT_EQ(exit_status_from_wait(report->wait_status), ExitStatus(Killed{kTerm}));
  const auto late = handle->signal_group(kTerm);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ESRCH);
}

TEST(ProcessHandle, AZombieIsNotAliveAndTakesASignalInSilence) {
  Cat cat;
  const auto handle = ProcessHandle::open(Pid(cat.pid()));
  ASSERT_TRUE(handle);
  cat.close_input();
  wait_until_ended(*handle);
  EXPECT_FALSE(handle->is_alive());
  EXPECT_TRUE(handle->signal(kTerm));
}

TEST(ProcessHandle, AReapedProcessIsEsrchInEveryWay) {
  Cat cat;
  const auto handle = ProcessHandle::open(Pid(cat.pid()));
  ASSERT_TRUE(handle);
  const ProcessIdentity identity = handle->identity();
  cat.finish();
  const auto signalled = handle->signal(kTerm);
  ASSERT_FALSE(signalled);
  EXPECT_EQ(signalled.error().code, ESRCH);
  const auto again = ProcessHandle::open(identity);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ESRCH);
}

TEST(ProcessHandle, AStartTimeAskedForTooLateStaysUnknown) {
  Cat cat;
  auto handle = ProcessHandle::adopt(Pid(cat.pid()), std::move(cat.spawned().pidfd));
  ASSERT_TRUE(handle);
  cat.finish();
  EXPECT_EQ(handle->identity().start_time, 0U);
}

TEST(ProcessHandle, AStartTimeOnceReadOutlivesTheProcess) {
  Cat cat;
  auto handle = ProcessHandle::adopt(Pid(cat.pid()), std::move(cat.spawned().pidfd));
  ASSERT_TRUE(handle);
  const ProcessIdentity before = handle->identity();
  EXPECT_NE(before.start_time, 0U);
  cat.finish();
  EXPECT_EQ(handle->identity(), before);
}

TEST(ProcessHandle, AnEmptyPidfdIsRefused) {
  EXPECT_FALSE(ProcessHandle::adopt(Pid(::getpid()), UniqueFd()));
}

/// With the inode of Linux 6.9, and as on every kernel before.
class ProcessIdentityProof : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override { forbid_facilities_for_testing(GetParam()); }
  void TearDown() override { forbid_facilities_for_testing(""); }
};

TEST_P(ProcessIdentityProof, TheSameProcessIsFoundAgain) {
  Cat cat;
  const auto handle = ProcessHandle::open(Pid(cat.pid()));
  ASSERT_TRUE(handle);
  const auto complete = ProcessHandle::open(handle->identity());
  ASSERT_TRUE(complete) << to_string(complete.error());
  EXPECT_EQ(complete->identity(), handle->identity());
  EXPECT_TRUE(ProcessHandle::open(handle->cheap_identity()));
}

TEST_P(ProcessIdentityProof, AnotherStartTimeIsAnotherProcess) {
  Cat cat;
  ProcessIdentity identity = ProcessHandle::open(Pid(cat.pid()))->identity();
  identity.start_time += 1;
  const auto opened = ProcessHandle::open(identity);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ESRCH);
}

TEST_P(ProcessIdentityProof, APidAloneProvesNothing) {
  const auto opened = ProcessHandle::open(ProcessIdentity{::getpid(), 0, 0});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, EINVAL);
}

/// A process with the pid we choose; needs a right that root has.
std::optional<Pid> fork_with_pid(pid_t wanted) {
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<std::uintptr_t>(&wanted);
  arguments.set_tid_size = 1;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid == 0) {
    for (;;) ::pause();
  }
  return pid > 0 ? std::optional(Pid(pid)) : std::nullopt;
}

TEST_P(ProcessIdentityProof, AReusedPidIsNeverTakenForTheOldProcess) {
  Cat cat;
  const auto known = ProcessHandle::open(Pid(cat.pid()));
  const auto asked_late = ProcessHandle::adopt(Pid(cat.pid()), UniqueFd(::dup(known->fd().get())));
  ASSERT_TRUE(known && asked_late);
  const ProcessIdentity old = known->identity();
  cat.finish();
  std::optional<Pid> stranger;
  // A start time counts hundredths of a second: the stranger's must be a later one.
  for (;;) {
    stranger = fork_with_pid(old.pid);
    if (!stranger) GTEST_SKIP() << "may not choose a pid here";
    const auto stat = read_stat(*stranger);
    if (stat && stat->starttime != old.start_time) break;
    ::kill(stranger->number(), SIGKILL);
    (void)await_exit(*stranger);
  }
  EXPECT_EQ(ProcessHandle::open(old).error().code, ESRCH);
  EXPECT_EQ(known->signal(kTerm).error().code, ESRCH);
  EXPECT_EQ(known->identity(), old);
  EXPECT_EQ(asked_late->identity().start_time, 0U);
  EXPECT_FALSE(known->is_alive());
  ::kill(stranger->number(), SIGKILL);
  (void)await_exit(*stranger);
}

INSTANTIATE_TEST_SUITE_P(, ProcessIdentityProof, ::testing::Values("", "pidfs_inode"), [](const auto& test) {
  return std::string(*test.param == 0 ? "WithInode" : "WithStartTimeOnly");
});

TEST(ProcessIdentityInode, AnotherInodeIsAnotherProcess) {
  Cat first;
  Cat second;
  ProcessIdentity identity = ProcessHandle::open(Pid(first.pid()))->identity();
  if (identity.inode == 0) GTEST_SKIP() << "this kernel has no pidfs";
  EXPECT_NE(identity.inode, ProcessHandle::open(Pid(second.pid()))->identity().inode);
  identity.inode += 1;
  const auto opened = ProcessHandle::open(identity);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ESRCH);
}

TEST(ProcessIdentityInode, IsZeroWhereItIsForbidden) {
  forbid_facilities_for_testing("pidfs_inode");
  const auto handle = ProcessHandle::open(Pid(::getpid()));
  forbid_facilities_for_testing("");
  ASSERT_TRUE(handle);
  EXPECT_EQ(handle->identity().inode, 0U);
  EXPECT_NE(handle->cheap_identity().start_time, 0U);
}

}  // namespace
}  // namespace foster::sys
