// What a daemon is, read from /proc, step by step; and what it stays when a step is left out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include <foster/daemonize.hpp>
#include "unit/lib/daemonizing.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using sys::testing::open_fds_of;
using sys::testing::stat_of;
using sys::testing::status_of;

std::string link_of(pid_t pid, const std::string& name) {
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/" + name);
}

class Daemonize : public ::testing::Test {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }
  Daemonize() {
    std::string pattern = ::testing::TempDir() + "foster-daemon-XXXXXX";
    directory = ::mkdtemp(pattern.data());
    ::chmod(directory.c_str(), 0777);
  }
  ~Daemonize() override { std::filesystem::remove_all(directory); }

  [[nodiscard]] std::string content(const std::string& name) const {
    std::ifstream file(directory + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string directory;
};

TEST_F(Daemonize, ByDefaultEveryClassicalStepIsTaken) {
  DaemonUnderTest daemon({}, be_ready, [] {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGUSR1, [](int) {});
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    ::umask(0);
    (void)::dup2(0, 200);
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  const pid_t pid = daemon.pid();
  auto status = status_of(pid);
  EXPECT_EQ(status["PPid"], std::to_string(::getpid()));  // whom init would be
  EXPECT_EQ(stat_of(pid).at(4), "0");                     // no terminal
  EXPECT_NE(::getsid(pid), ::getsid(0));
  EXPECT_NE(::getsid(pid), pid);  // and no leader that could get one
  EXPECT_EQ(::getpgid(pid), ::getsid(pid));
  EXPECT_EQ(link_of(pid, "cwd"), "/");
  EXPECT_EQ(status["Umask"], "0022");
  EXPECT_EQ(status["SigBlk"], "0000000000000000");
  EXPECT_EQ(status["SigIgn"], "0000000000000000");
  EXPECT_EQ(status["SigCgt"].substr(8), "00000000");
  for (const char* stream : {"fd/0", "fd/1", "fd/2"}) EXPECT_EQ(link_of(pid, stream), "/dev/null");
  EXPECT_EQ(open_fds_of(pid).size(), 5U) << "three streams and the two of this test";
  EXPECT_EQ(daemon.daemon_exit_code(), 0);
  EXPECT_EQ(daemon.complaint(), "");
}

TEST_F(Daemonize, AStepThatIsLeftOutLeavesThingsAsTheyWere) {
  DaemonizeOptions options;
  options.new_session = false;
  options.reset_signals = false;
  options.directory.reset();
  options.umask.reset();
  options.close_descriptors = false;
  options.standard_input = KeepStream{};
  const std::string here = std::filesystem::current_path();
  DaemonUnderTest daemon(options, be_ready, [] {
    ::signal(SIGUSR2, SIG_IGN);
    ::umask(051);
    (void)::dup2(0, 200);
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  const pid_t pid = daemon.pid();
  auto status = status_of(pid);
  EXPECT_EQ(::getsid(pid), ::getsid(0));
  EXPECT_EQ(link_of(pid, "cwd"), here);
  EXPECT_EQ(status["Umask"], "0051");
  EXPECT_NE(std::stoull(status["SigIgn"], nullptr, 16) & (1ULL << (SIGUSR2 - 1)), 0U);
  EXPECT_TRUE(open_fds_of(pid).contains(200));
  EXPECT_EQ(link_of(pid, "fd/0"), std::filesystem::read_symlink("/proc/self/fd/0"));
  daemon.tell();
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
}

/// Opens a terminal without O_NOCTTY, asks for it outright, and says 'y' if one of the two made it its own.
int try_to_get_a_terminal(Daemon& daemon, const Stage& stage) {
  const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) return 1;
  const UniqueFd slave(::open(::ptsname(master.get()), O_RDWR | O_CLOEXEC));
  if (!slave) return 1;
  const bool by_opening = stat_of(::getpid()).at(4) != "0";
  const bool by_asking = ::ioctl(slave.get(), TIOCSCTTY, 0) == 0;
  daemon.ready();
  stage.say(by_opening || by_asking ? 'y' : 'n');
  stage.wait();
  return stat_of(::getpid()).at(4) != "0" ? 1 : 0;
}

TEST_F(Daemonize, ATerminalThatItOpensNeverBecomesItsOwn) {
  DaemonUnderTest daemon({}, try_to_get_a_terminal);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('n'));
  EXPECT_EQ(stat_of(daemon.pid()).at(4), "0");
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  EXPECT_EQ(daemon.daemon_exit_code(), 0);
}

TEST_F(Daemonize, WithoutTheSecondForkATerminalWouldBecomeItsOwn) {
  DaemonizeOptions options;
  options.fork_again = false;
  DaemonUnderTest daemon(options, try_to_get_a_terminal);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('y'));
}

TEST_F(Daemonize, WithoutTheSecondForkTheDaemonLeadsItsSession) {
  DaemonizeOptions options;
  options.fork_again = false;
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  EXPECT_EQ(::getsid(daemon.pid()), daemon.pid());
  EXPECT_EQ(status_of(daemon.pid())["PPid"], std::to_string(::getpid()));
}

TEST_F(Daemonize, WithoutAForkTheCallerItselfBecomesTheDaemon) {
  DaemonizeOptions options;
  options.fork = false;
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.pid(), daemon.launcher());
  EXPECT_EQ(::getsid(daemon.pid()), daemon.pid());
  EXPECT_EQ(link_of(daemon.pid(), "cwd"), "/");
  daemon.tell();
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
}

TEST_F(Daemonize, StreamsGoToFilesAndAreAppendedTo) {
  std::ofstream(directory + "/log") << "before\n";
  DaemonizeOptions options;
  options.directory = directory;
  options.standard_output = FileStream{directory + "/log"};
  options.standard_error = FileStream{"log"};  // seen from the directory
  DaemonUnderTest daemon(options, [](Daemon& self, const Stage& stage) {
    (void)!::write(1, "out\n", 4);
    (void)!::write(2, "error\n", 6);
    return be_ready(self, stage);
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(content("log"), "before\nout\nerror\n");
  EXPECT_EQ(link_of(daemon.pid(), "fd/0"), "/dev/null");
}

TEST_F(Daemonize, BufferedOutputIsNeitherLostNorWrittenTwice) {
  {
    DaemonUnderTest daemon(
        {},
        [](Daemon& self, const Stage& stage) {
          const int code = be_ready(self, stage);
          (void)std::fflush(nullptr);
          return code;
        },
        [this] {
          (void)!std::freopen((directory + "/out").c_str(), "w", stdout);
          std::printf("once");  // and standard output is /dev/null in the daemon
        });
    ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
    EXPECT_EQ(daemon.launcher_exit_code(), 0);
    EXPECT_EQ(daemon.daemon_exit_code(), 0);
  }
  EXPECT_EQ(content("out"), "once");
}

TEST_F(Daemonize, ClosedStandardStreamsAreNoTrap) {
  DaemonUnderTest daemon({}, be_ready, [] {
    for (const int stream : {0, 1, 2}) ::close(stream);
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  for (const char* stream : {"fd/0", "fd/1", "fd/2"}) EXPECT_EQ(link_of(daemon.pid(), stream), "/dev/null");
}

TEST_F(Daemonize, ThePidfileIsTheDaemonsOwnAndGoesWithIt) {
  DaemonizeOptions options;
  options.pidfile = directory + "/daemon.pid";
  DaemonUnderTest first(options);
  ASSERT_NO_FATAL_FAILURE(first.expect_said('r'));
  EXPECT_EQ(first.launcher_exit_code(), 0);
  EXPECT_EQ(pidfile_holder(*options.pidfile).value(), Pid(first.pid()));
  {
    DaemonUnderTest second(options);
    EXPECT_EQ(second.launcher_exit_code(), 1);
    EXPECT_THAT(second.complaint(), ::testing::HasSubstr("is held by process " + std::to_string(first.pid())));
  }
  EXPECT_EQ(pidfile_holder(*options.pidfile).value(), Pid(first.pid()));
  EXPECT_EQ(first.daemon_exit_code(), 0);
  EXPECT_FALSE(std::filesystem::exists(*options.pidfile));
}

TEST_F(Daemonize, TheIdentityIsGivenUpAfterThePidfileWasTaken) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  ::chmod(directory.c_str(), 0755);
  DaemonizeOptions options;
  options.pidfile = directory + "/daemon.pid";
  options.identity = UserAndGroup{"65534", "65533"};
  DaemonUnderTest daemon(options);
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  auto status = status_of(daemon.pid());
  EXPECT_EQ(status["Uid"], "65534\t65534\t65534\t65534");
  EXPECT_EQ(status["Gid"], "65533\t65533\t65533\t65533");
  EXPECT_EQ(status["CapPrm"], "0000000000000000");
  EXPECT_EQ(status["Groups"].find("0 "), std::string::npos);
  EXPECT_EQ(pidfile_holder(*options.pidfile).value(), Pid(daemon.pid()));
}

TEST(DaemonizeWithThreads, IsRefusedBeforeAnythingHappens) {
  EXPECT_EQ(sys::testing::in_forked_process([] {
              Pipe hold = make_pipe();
              std::jthread other([&] {
                char byte = 0;
                (void)!::read(hold.reader.get(), &byte, 1);
              });
              const auto refused = detach();
              hold.writer.reset();
              const bool offers_the_other_way =
                  !refused && to_string(refused.error()).find("daemonize_by_reexec") != std::string::npos;
              return offers_the_other_way && refused.error().code == EBUSY ? 0 : 1;
            }),
            0);
}

TEST(DaemonizeOptionsThatCannotBe, AreRefusedBeforeAnythingHappens) {
  DaemonizeOptions relative;
  relative.pidfile = "daemon.pid";
  EXPECT_EQ(detach(relative).error().code, EINVAL);
  DaemonizeOptions nobody;
  nobody.identity = UserAndGroup{"no-such-user", ""};
  EXPECT_EQ(to_string(detach(nobody).error()), "user no-such-user: no such user");
  for (const int number : {-1, 999'999}) {
    DaemonizeOptions closed;
    closed.keep_descriptors = {number};
    EXPECT_EQ(to_string(detach(closed).error()), "keep descriptor " + std::to_string(number) + ": Bad file descriptor");
  }
}

}  // namespace
}  // namespace foster
