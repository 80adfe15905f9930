// What the launcher learns: when the daemon is ready, and why it is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <foster/daemonize.hpp>
#include "unit/lib/daemonizing.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// With the second fork and without it.
class Launcher : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }
  static DaemonizeOptions options() {
    DaemonizeOptions options;
    options.fork_again = GetParam();
    return options;
  }
};

TEST_P(Launcher, WaitsUntilTheDaemonIsReady) {
  DaemonUnderTest daemon(options(), [](Daemon& self, const Stage& stage) {
    stage.say('u');
    stage.wait();
    return be_ready(self, stage);
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('u'));
  EXPECT_TRUE(daemon.launcher_is_waiting());
  daemon.tell();
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
}

TEST_P(Launcher, PrintsTheDaemonsErrorAndTakesItsExitCode) {
  DaemonUnderTest daemon(options(),
                         [](Daemon& self, const Stage&) { return self.fail(Error{"bind", EACCES, "0.0.0.0:80"}, 42); });
  EXPECT_EQ(daemon.launcher_exit_code(), 42);
  EXPECT_EQ(daemon.complaint(), "bind 0.0.0.0:80: Permission denied\n");
}

TEST_P(Launcher, TakesTheExitCodeOfADaemonThatEndsWithoutAWord) {
  DaemonUnderTest daemon(options(), [](Daemon&, const Stage&) { return 3; });
  EXPECT_EQ(daemon.launcher_exit_code(), 3);
  EXPECT_EQ(daemon.complaint(), "daemon exited with code 3 before it was ready\n");
}

TEST_P(Launcher, CallsAnEarlyEndWithCodeZeroAFailureToo) {
  DaemonUnderTest daemon(options(), [](Daemon&, const Stage&) { return 0; });
  EXPECT_EQ(daemon.launcher_exit_code(), 1);
}

TEST_P(Launcher, NamesTheSignalThatEndedTheDaemon) {
  DaemonUnderTest daemon(options(), [](Daemon&, const Stage&) {
    ::raise(SIGKILL);
    return 0;
  });
  EXPECT_EQ(daemon.launcher_exit_code(), 128 + SIGKILL);
  EXPECT_EQ(daemon.complaint(), "daemon killed by SIGKILL before it was ready\n");
}

TEST_P(Launcher, NamesTheStepThatFailed) {
  DaemonizeOptions nowhere = options();
  nowhere.directory = "/no/such/directory";
  DaemonUnderTest daemon(nowhere);
  EXPECT_EQ(daemon.launcher_exit_code(), 1);
  EXPECT_EQ(daemon.complaint(), "chdir /no/such/directory: No such file or directory\n");
}

TEST_P(Launcher, KillsADaemonThatIsNotReadyInTime) {
  DaemonizeOptions hurried = options();
  hurried.patience = 50ms;
  DaemonUnderTest daemon(hurried, [](Daemon&, const Stage& stage) {
    ::signal(SIGTERM, SIG_IGN);
    stage.say('u');
    for (;;) ::pause();
    return 0;
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('u'));
  EXPECT_EQ(daemon.launcher_exit_code(), 1);
  EXPECT_EQ(daemon.complaint(), "daemon not ready after 50 ms: Connection timed out\n");
  // Gone before the launcher was, and reaped by whoever forked it.
  EXPECT_EQ(::kill(daemon.pid(), 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_P(Launcher, WaitsForTheEndOfADaemonThatHasFailed) {
  DaemonUnderTest daemon(options(), [](Daemon& self, const Stage& stage) {
    const int code = self.fail(Error{"open", ENOENT, "/etc/x"});
    stage.say('f');
    stage.wait();
    return code;
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('f'));
  EXPECT_TRUE(daemon.launcher_is_waiting());
  daemon.tell();
  EXPECT_EQ(daemon.launcher_exit_code(), 1);
}

TEST_P(Launcher, ADaemonWhoseLauncherWasKilledComesUpAllTheSame) {
  DaemonUnderTest daemon(options(), [](Daemon& self, const Stage& stage) {
    stage.say('u');
    stage.wait();
    return be_ready(self, stage);
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('u'));
  ::kill(daemon.launcher(), SIGKILL);
  EXPECT_EQ(daemon.launcher_exit_code(), 256 + SIGKILL);
  daemon.tell();
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.daemon_exit_code(), 0);
}

TEST_P(Launcher, ThatHasMoreToDoGetsAReportInsteadOfAnExit) {
  EXPECT_EQ(sys::testing::in_forked_process([] {
              Pipe said = make_pipe();
              DaemonizeOptions kept = options();
              kept.keep_descriptors = {said.writer.get()};
              auto detached = detach(kept);
              if (!detached) return 1;
              if (auto* daemon = std::get_if<Daemon>(&*detached)) {
                const pid_t self = ::getpid();
                (void)!::write(said.writer.get(), &self, sizeof self);
                daemon->ready("127.0.0.1:8017");
                return 0;
              }
              const auto& report = std::get<LaunchReport>(*detached);
              pid_t daemon = 0;
              if (::read(said.reader.get(), &daemon, sizeof daemon) != sizeof daemon) return 2;
              if (report.message != "127.0.0.1:8017") return 3;
              return report.exit_code == 0 && !report.error && report.daemon == Pid(daemon) ? 0 : 4;
            }),
            0);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

INSTANTIATE_TEST_SUITE_P(, Launcher, ::testing::Values(true, false),
                         [](const auto& test) { return std::string(test.param ? "AfterTwoForks" : "AfterOneFork"); });

}  // namespace
}  // namespace foster
