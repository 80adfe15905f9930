// A daemon's pidfile is gone when the daemon is, whatever ended it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include <foster/daemonize.hpp>
#include "support/temporary_directory.hpp"
#include "sys/procfs.hpp"
#include "unit/lib/children.hpp"
#include "unit/lib/daemonizing.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using sys::testing::open_fds_of;
using sys::testing::status_of;

class DaemonsPidfile : public ::testing::Test {
 protected:
  void SetUp() override {
    FOSTER_SKIP_WITH_ITS_OWN_THREAD();
    options.pidfile = directory.path("daemon.pid");
  }

  [[nodiscard]] bool exists() const { return std::filesystem::exists(*options.pidfile); }
  static pid_t guard_of(pid_t daemon) {
    const auto children = sys::children_of(Pid(daemon));
    EXPECT_EQ(children.size(), 1U);
    return children.empty() ? -1 : children.front().number();
  }

  TemporaryDirectory directory;
  DaemonizeOptions options;
};

TEST_F(DaemonsPidfile, GoesWithADaemonThatIsKilled) {
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  ASSERT_TRUE(exists());
  ::kill(daemon.pid(), SIGKILL);
  EXPECT_EQ(daemon.daemon_exit_code(), 256 + SIGKILL);
  EXPECT_FALSE(exists());
}

TEST_F(DaemonsPidfile, GoesWithADaemonThatLeavesBySomeOtherDoor) {
  DaemonUnderTest daemon(options, [](Daemon& self, const Stage& stage) -> int {
    be_ready(self, stage);
    ::_exit(7);
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  EXPECT_EQ(daemon.daemon_exit_code(), 7);
  EXPECT_FALSE(exists());
}

TEST_F(DaemonsPidfile, StaysAfterACrashWhenOnlyTheDestructorIsToRemoveIt) {
  options.pidfile_removal = PidfileRemoval::by_destructor;
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  EXPECT_TRUE(sys::children_of(Pid(daemon.pid())).empty());
  ::kill(daemon.pid(), SIGKILL);
  EXPECT_EQ(daemon.daemon_exit_code(), 256 + SIGKILL);
  EXPECT_TRUE(exists());
  EXPECT_EQ(pidfile_holder(*options.pidfile).value(), std::nullopt);
}

TEST_F(DaemonsPidfile, GoesFromARootsDirectoryAfterTheDaemonHasGivenUpItsRights) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  options.identity = UserAndGroup{"65534", "65534"};
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  EXPECT_EQ(status_of(daemon.pid())["Uid"], "65534\t65534\t65534\t65534");
  EXPECT_EQ(daemon.daemon_exit_code(), 0);
  EXPECT_FALSE(exists());
}

TEST_F(DaemonsPidfile, IsLeftToItsNextHolderByTheGuardOfTheLast) {
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  std::filesystem::remove(*options.pidfile);
  const auto next = take_pidfile(*options.pidfile);
  ASSERT_TRUE(next) << to_string(next.error());
  EXPECT_EQ(daemon.daemon_exit_code(), 0);
  EXPECT_EQ(pidfile_holder(*options.pidfile).value(), Pid(::getpid()));
}

TEST_F(DaemonsPidfile, CanBeTakenAgainTheMomentItsDaemonIsDead) {
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  // A guard that is late, as on a busy machine: it still shares the lock.
  const pid_t guard = guard_of(daemon.pid());
  ::kill(guard, SIGSTOP);
  ::kill(daemon.pid(), SIGKILL);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(daemon.pid()), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(pidfile_holder(*options.pidfile).error().code, EBADMSG) << "held, but not by the dead";
  const pid_t waker = ::fork();
  if (waker == 0) {
    ::kill(guard, SIGCONT);
    ::_exit(0);
  }
  EXPECT_TRUE(take_pidfile(*options.pidfile));
  EXPECT_EQ(::waitpid(waker, nullptr, 0), waker);
  EXPECT_EQ(::waitpid(guard, nullptr, __WALL), guard);
}

TEST_F(DaemonsPidfile, IsGuardedByAProcessThatNobodyNotices) {
  DaemonUnderTest daemon(options, [](Daemon& self, const Stage& stage) {
    self.ready();
    // Neither wait(2) nor a supervisor that looks for a second daemon finds a child to care for.
    const bool sees_nobody = ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD;
    stage.say(sees_nobody ? 'n' : 's');
    stage.wait();
    return 0;
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('n'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  const pid_t guard = guard_of(daemon.pid());
  // The daemon, the directory and the file; it closes the others while the daemon goes on.
  EXPECT_TRUE(wait_until([&] { return open_fds_of(guard).size() == 3; })) << open_fds_of(guard).size();
  // A signal to the whole group is the daemon's affair.
  ::kill(-::getpgid(daemon.pid()), SIGTERM);
  EXPECT_EQ(daemon.daemon_exit_code(), 256 + SIGTERM);
  EXPECT_FALSE(exists());
}

}  // namespace
}  // namespace foster
