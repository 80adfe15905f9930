// A program with threads becomes a daemon: this test program itself, started anew, with an act to play.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <latch>
#include <string_view>
#include <thread>

#include <foster/daemonize_by_reexec.hpp>
#include "lib/reexec_message.hpp"
#include "support/temporary_directory.hpp"
#include "sys/procfs.hpp"
#include "unit/lib/daemonizing.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using namespace std::chrono_literals;
using sys::testing::open_fds_of;
using sys::testing::read_all;
using sys::testing::stat_of;
using sys::testing::status_of;

constexpr const char* kAct = "FOSTER_TEST_ACT";

/// What the daemon does: it says "r" and waits for its input to end, or whatever the act demands.
int play(std::string_view act) {
  if (act == "deaf") return 9;  // never asks whether it is a daemon
  if (act == "again") {
    const auto report = daemonize_by_reexec();
    return !report && report.error().code == EDEADLK ? 33 : 1;
  }
  auto self = reexec_daemon();
  if (!self) return 50;
  if (reexec_daemon() || std::getenv("FOSTER_REEXEC") != nullptr) return 51;
  if (act == "fail") return self->daemon().fail({"bind", EACCES, "0.0.0.0:80"}, 42);
  if (act == "die") ::raise(SIGKILL);
  if (act == "leave") return 3;
  if (act == "hang") {
    for (;;) ::pause();
  }
  const UniqueFd lead = self->take("lead");
  if (self->take("lead") || self->take("other")) return 52;
  self->daemon().ready("127.0.0.1:8017");
  char byte = 0;
  (void)!::read(lead.get(), &byte, 1);
  return 0;
}

/// Before main, which is GoogleTest's.
const bool kIsDaemon = [] {
  if (const char* act = std::getenv(kAct)) std::_Exit(play(act));
  return false;
}();

class DaemonizeByReexec : public ::testing::Test {
 protected:
  void SetUp() override {
    FOSTER_SKIP_WITH_ITS_OWN_THREAD();
    ASSERT_FALSE(kIsDaemon);
    (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
    // The threads that make a fork impossible.
    other_ = std::jthread([this] {
      other_has_begun_.count_down();
      char byte = 0;
      (void)!::read(hold_.reader.get(), &byte, 1);
    });
    // What a beginning thread locks, of a sanitizer's memory for one, would stay locked in a process forked meanwhile.
    other_has_begun_.wait();
  }
  ~DaemonizeByReexec() override {
    hold_.writer.reset();
    lead_.writer.reset();
    if (daemon_ > 0) (void)daemon_exit_code();
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }

  Result<LaunchReport> launch(const std::string& act, ReexecOptions reexec = {}) {
    reexec.environment = {{std::string(kAct) + "=" + act, "PATH=/usr/bin:/bin", "ASAN_OPTIONS=detect_leaks=0"}};
    reexec.descriptors.push_back({"lead", lead_.reader});
    auto report = daemonize_by_reexec(options, reexec);
    if (report && report->daemon) daemon_ = report->daemon->number();
    return report;
  }
  int daemon_exit_code() {
    lead_.writer.reset();
    int status = 0;
    const auto guards = sys::children_of(Pid(daemon_));
    EXPECT_EQ(::waitpid(std::exchange(daemon_, -1), &status, 0) > 0, true);
    for (const Pid guard : guards) EXPECT_EQ(::waitpid(guard.number(), nullptr, __WALL), guard.number());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
  }
  /// The channel to its launcher is closed a moment after the launcher was told.
  [[nodiscard]] bool comes_to_have(std::size_t descriptors) const {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (open_fds_of(daemon_).size() != descriptors) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      ::sched_yield();
    }
    return true;
  }
  static std::string link_of(pid_t pid, const std::string& name) {
    return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/" + name);
  }

  DaemonizeOptions options;
  Pipe hold_ = make_pipe();
  Pipe lead_ = make_pipe();
  std::latch other_has_begun_{1};
  std::jthread other_;
  pid_t daemon_ = -1;
};

TEST_F(DaemonizeByReexec, MakesADaemonAsDaemonizeDoes) {
  const TemporaryDirectory directory;
  options.pidfile = directory.path("pid");
  options.umask = 027;
  options.standard_error = FileStream{directory.path("log")};
  const auto report = launch("serve");
  ASSERT_TRUE(report) << to_string(report.error());
  ASSERT_FALSE(report->error) << to_string(*report->error);
  EXPECT_EQ(report->exit_code, 0);
  EXPECT_EQ(report->message, "127.0.0.1:8017");
  const pid_t pid = daemon_;
  auto status = status_of(pid);
  EXPECT_EQ(status["PPid"], std::to_string(::getpid()));  // whom init would be
  EXPECT_EQ(status["Threads"], "1");
  EXPECT_EQ(stat_of(pid).at(4), "0");
  EXPECT_NE(::getsid(pid), ::getsid(0));
  EXPECT_NE(::getsid(pid), pid);
  EXPECT_EQ(link_of(pid, "cwd"), "/");
  EXPECT_EQ(status["Umask"], "0027");
  EXPECT_EQ(status["SigBlk"], "0000000000000000");
  EXPECT_EQ(link_of(pid, "fd/0"), "/dev/null");
  EXPECT_EQ(link_of(pid, "fd/2"), directory.path("log"));
  EXPECT_TRUE(comes_to_have(5)) << "three streams, the lead and the pidfile";
  EXPECT_EQ(pidfile_holder(*options.pidfile).value(), Pid(pid));
  EXPECT_EQ(link_of(pid, "exe"), link_of(::getpid(), "exe"));
  EXPECT_EQ(daemon_exit_code(), 0);
  EXPECT_FALSE(std::filesystem::exists(*options.pidfile));
}

TEST_F(DaemonizeByReexec, KeepsThisProgramsWordsUnlessOthersAreGiven) {
  ASSERT_TRUE(launch("serve"));
  EXPECT_EQ(sys::read_cmdline(Pid(daemon_)), sys::read_cmdline(Pid(::getpid())));
  (void)daemon_exit_code();
  lead_ = make_pipe();
  ReexecOptions reexec;
  reexec.arguments = {{"hello", "", "--daemon"}};
  ASSERT_TRUE(launch("serve", reexec));
  EXPECT_EQ(sys::read_cmdline(Pid(daemon_)), (std::vector<std::string>{"hello", "", "--daemon"}));
}

TEST_F(DaemonizeByReexec, WithoutTheSecondForkTheDaemonLeadsItsSession) {
  options.fork_again = false;
  ASSERT_TRUE(launch("serve"));
  EXPECT_EQ(::getsid(daemon_), daemon_);
}

TEST_F(DaemonizeByReexec, KeepsDescriptorsUnderTheirNumbersAndNoOthers) {
  Pipe kept = make_pipe();
  const Pipe closed = make_pipe();
  ASSERT_GE(::dup2(kept.writer.get(), 150), 0);
  const UniqueFd high(150);
  options.keep_descriptors = {150};
  ASSERT_TRUE(launch("serve"));
  EXPECT_EQ(link_of(daemon_, "fd/150"), link_of(::getpid(), "fd/150"));
  EXPECT_TRUE(comes_to_have(5)) << "three streams, the lead and the kept one";
}

TEST_F(DaemonizeByReexec, ClosedStandardStreamsAreNoTrap) {
  EXPECT_EQ(sys::testing::in_forked_process([&] {
              for (const int stream : {0, 1, 2}) ::close(stream);
              const auto report = launch("serve");
              if (!report || report->exit_code != 0) return 1;
              for (const char* stream : {"fd/0", "fd/1", "fd/2"}) {
                if (link_of(daemon_, stream) != "/dev/null") return 2;
              }
              return 0;
            }),
            0);
  lead_.writer.reset();
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

TEST_F(DaemonizeByReexec, HandsOnTheDaemonsErrorAndExitCode) {
  const auto report = launch("fail");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->exit_code, 42);
  EXPECT_EQ(report->error, (Error{"bind", EACCES, "0.0.0.0:80"}));
}

TEST_F(DaemonizeByReexec, TellsHowADaemonDiedBeforeItWasReady) {
  const auto killed = launch("die");
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->exit_code, 128 + SIGKILL);
  EXPECT_EQ(to_string(*killed->error), "daemon killed by SIGKILL before it was ready");
  const auto left = launch("leave");
  ASSERT_TRUE(left);
  EXPECT_EQ(left->exit_code, 3);
}

TEST_F(DaemonizeByReexec, NamesTheStepThatFailed) {
  options.directory = "/no/such/directory";
  const auto report = launch("serve");
  ASSERT_TRUE(report);
  EXPECT_EQ(to_string(*report->error), "chdir /no/such/directory: No such file or directory");
}

TEST_F(DaemonizeByReexec, KillsADaemonThatIsNotReadyInTime) {
  options.patience = 200ms;
  const auto report = launch("hang");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->error->code, ETIMEDOUT);
  lead_.reader.reset();
  // The daemon had the other end: it is gone, wherever in its start it was.
  ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(::write(lead_.writer.get(), "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::signal(SIGPIPE, SIG_DFL);
}

TEST_F(DaemonizeByReexec, SaysWhenTheProgramDoesNotAskWhatItIs) {
  const auto deaf = launch("deaf");
  ASSERT_TRUE(deaf);
  EXPECT_EQ(deaf->exit_code, 9);
  const auto again = launch("again");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->exit_code, 33) << "or it would start itself for ever";
}

TEST_F(DaemonizeByReexec, AProgramThatIsNotThereIsNamed) {
  ReexecOptions reexec;
  reexec.program = "/no/such/program";
  const auto report = launch("serve", reexec);
  ASSERT_FALSE(report);
  EXPECT_EQ(to_string(report.error()), "exec /no/such/program: No such file or directory");
}

TEST_F(DaemonizeByReexec, OptionsThatCannotBeAreRefusedBeforeAnythingHappens) {
  ReexecOptions many;
  for (int i = 0; i < 16; ++i) many.descriptors.push_back({"more", lead_.reader});
  EXPECT_EQ(launch("serve", many).error().code, EINVAL);
  options.pidfile = std::string("/tmp/a\0b", 8);
  EXPECT_EQ(launch("serve").error().code, EINVAL);
  options.pidfile.reset();
  options.fork = false;
  EXPECT_EQ(launch("serve").error().code, EINVAL);
}

TEST(ReexecDaemon, IsNobodyWithoutALauncherAndTouchesNoDescriptorOfOthers) {
  EXPECT_FALSE(reexec_daemon());
  const Pipe pipe = make_pipe();
  for (const std::string& value : {std::string("nonsense"), std::to_string(pipe.reader.get()), std::string("9999")}) {
    ASSERT_EQ(::setenv("FOSTER_REEXEC", value.c_str(), 1), 0);
    EXPECT_FALSE(reexec_daemon()) << value;
    EXPECT_EQ(std::getenv("FOSTER_REEXEC"), nullptr);
  }
  EXPECT_GE(::fcntl(pipe.reader.get(), F_GETFD), 0);
}

TEST(ReexecMessage, CarriesEveryOption) {
  ReexecMessage message{.options = {}, .launcher = 4711, .names = {"listener", ""}};
  auto& options = message.options;
  options.new_session = options.reset_signals = false;
  options.directory = "/srv/a b";
  options.umask.reset();
  options.standard_output = FileStream{"/var/log/x"};
  options.standard_error = KeepStream{};
  options.keep_descriptors = {7, 150};
  options.pidfile = "/run/x.pid";
  options.pidfile_removal = PidfileRemoval::by_destructor;
  options.identity = UserAndGroup{"www-data", ""};
  const std::string bytes = to_bytes(message);
  const auto read = reexec_message_from(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(to_bytes(*read), bytes);
  EXPECT_EQ(read->launcher, 4711);
  EXPECT_EQ(read->names, message.names);
  EXPECT_FALSE(read->options.new_session);
  EXPECT_TRUE(read->options.fork_again);
  EXPECT_EQ(read->options.directory, "/srv/a b");
  EXPECT_EQ(read->options.umask, std::nullopt);
  EXPECT_EQ(std::get<FileStream>(read->options.standard_output).path, "/var/log/x");
  EXPECT_EQ(read->options.keep_descriptors, (std::vector{7, 150}));
  EXPECT_EQ(read->options.pidfile_removal, PidfileRemoval::by_destructor);
  EXPECT_EQ(read->options.identity->user, "www-data");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(reexec_message_from(std::string_view(bytes).substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace foster
