// Processes that something else has started: watched, stopped, told of and started again like any other, and never a
// stranger in their place.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "e2e/harness.hpp"
#include "sys/pidfd.hpp"
#include "sys/pidfd_info.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

/// A child of this test that foster has nothing to do with.
class Stranger {
 public:
  explicit Stranger(const std::vector<std::string>& argv) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execvp(words[0], words.data());
      ::_exit(127);
    }
    EXPECT_TRUE(wait_until([&] { return sys::read_cmdline(Pid(pid_)) == argv; }));
  }
  ~Stranger() {
    if (is_reaped_) return;
    ::kill(pid_, SIGKILL);
    (void)reap();
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string text() const { return std::to_string(pid_); }
  void signal(int number) const { ::kill(pid_, number); }
  /// Waits for its end.
  int reap() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    is_reaped_ = true;
    return status;
  }

 private:
  pid_t pid_ = -1;
  bool is_reaped_ = false;
};

bool kernel_tells_of_others() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(7);
  const auto handle = sys::ProcessHandle::open(Pid(pid));
  ::waitpid(pid, nullptr, 0);
  return handle && sys::wait_status_after_reaping(handle->fd()).has_value();
}

class Adopt : public ::testing::Test {
 protected:
  void expect_refusal(const std::vector<std::string>& words, const std::string& why) {
    std::vector<std::string> arguments{"adopt"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    arguments.insert(arguments.end(), {"-n", "stray"});
    const Finished refused = foster.run(arguments);
    EXPECT_NE(refused.code, 0) << why;
    EXPECT_THAT(refused.err, HasSubstr(why));
    EXPECT_EQ(foster.row("stray").name, "") << why;
  }
  pid_t process_of_foster(const char* role) { return static_cast<pid_t>(foster.info().at(role).as_int64()); }

  Foster foster;
};

TEST_F(Adopt, WatchesAndStopsAProcessThatRunsAlready) {
  Stranger stranger({"sleep", "1000"});
  const Finished adopted = foster.run({"adopt", stranger.text(), "-n", "web"});
  ASSERT_EQ(adopted.code, 0) << adopted.err;
  EXPECT_EQ(adopted.out, "web running\n");
  EXPECT_EQ(foster.pid_of("web"), stranger.pid());
  EXPECT_THAT(foster.run({"why", "web"}).out, HasSubstr("ran already"));
  const auto stop = foster.begin({"stop", "web"});
  EXPECT_EQ(WTERMSIG(stranger.reap()), SIGTERM);
  EXPECT_EQ(stop->finish().code, 0);
  EXPECT_EQ(foster.row("web").state, "stopped");
}

TEST_F(Adopt, ItsEndIsToldWithItsStatusWhereTheKernelKnowsIt) {
  Stranger stranger({"sh", "-c", "trap 'exit 7' TERM; while :; do sleep 0.05; done"});
  ASSERT_EQ(foster.run({"adopt", stranger.text(), "-n", "web"}).code, 0);
  stranger.signal(SIGTERM);
  (void)stranger.reap();
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").state == "exited"; }));
  if (kernel_tells_of_others()) {
    EXPECT_EQ(foster.row("web").exit_code, 7);
  } else {
    EXPECT_EQ(foster.row("web").exit_code, std::nullopt);
  }
  // By hand it is started again as it was.
  ASSERT_EQ(foster.run({"start", "web"}).code, 0);
  EXPECT_EQ(foster.row("web").run, 2U);
  EXPECT_EQ(sys::read_cmdline(Pid(foster.pid_of("web"))).front(), "sh");
}

TEST_F(Adopt, IsStartedAgainByItsCommandFromThisDirectory) {
  Stranger stranger({"sleep", "1000"});
  testing::write_file(foster.path("web.pid"), stranger.text() + "\n");
  ASSERT_EQ(foster.run({"adopt", "web.pid", "-n", "web", "--", "sh", "-c", "pwd; echo %i; exec sleep 2000"}).code, 0);
  EXPECT_EQ(foster.pid_of("web"), stranger.pid());
  stranger.signal(SIGKILL);
  (void)stranger.reap();
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("web").run == 2 && foster.row("web").state == "running"; }));
  EXPECT_TRUE(foster.wait_until([&] { return foster.log_of("web") == foster.directory() + "\n%i\n"; }));
  EXPECT_NE(foster.pid_of("web"), stranger.pid());
}

TEST_F(Adopt, SurvivesTheLossOfSupervisorAndReaper) {
  Stranger stranger({"sleep", "1000"});
  ASSERT_EQ(foster.run({"adopt", stranger.text(), "-n", "web", "--", "sleep", "2000"}).code, 0);
  for (const char* role : {"supervisor", "reaper", "supervisor"}) {
    const pid_t lost = process_of_foster(role);
    ::kill(lost, SIGKILL);
    ASSERT_TRUE(foster.wait_until([&] { return !is_alive(lost) && foster.row("web").state == "running"; })) << role;
    EXPECT_EQ(foster.pid_of("web"), stranger.pid()) << role;
    EXPECT_EQ(foster.row("web").run, 1U) << role;
  }
  stranger.signal(SIGKILL);
  (void)stranger.reap();
  EXPECT_TRUE(foster.wait_until([&] { return foster.row("web").run == 2 && foster.row("web").state == "running"; }));
}

TEST_F(Adopt, AnEndThatNobodySawIsNotTakenForALife) {
  Stranger stranger({"sleep", "1000"});
  ASSERT_EQ(foster.run({"adopt", stranger.text(), "-n", "web"}).code, 0);
  const pid_t reaper = process_of_foster("reaper");
  const pid_t supervisor = process_of_foster("supervisor");
  ::kill(reaper, SIGSTOP);
  ::kill(supervisor, SIGKILL);
  stranger.signal(SIGKILL);
  (void)stranger.reap();
  ::kill(reaper, SIGCONT);
  EXPECT_TRUE(foster.wait_until([&] { return foster.row("web").state == "exited"; }));
  EXPECT_EQ(foster.row("web").pid, std::nullopt);
}

TEST_F(Adopt, RefusesWhatIsNoProcessToSupervise) {
  ASSERT_EQ(foster.run({"run", "-n", "own", "--", "sleep", "1000"}).code, 0);
  Stranger ended({"sleep", "1000"});
  ended.signal(SIGKILL);
  ASSERT_TRUE(wait_until([&] { return state_of(ended.pid()) == 'Z'; }));
  expect_refusal({ended.text()}, "has ended");
  (void)ended.reap();
  expect_refusal({ended.text()}, "no process has the number " + ended.text());
  expect_refusal({"1"}, "process 1 is everybody's parent");
  expect_refusal({std::to_string(process_of_foster("reaper"))}, "foster's own reaper");
  expect_refusal({std::to_string(process_of_foster("supervisor"))}, "foster's own supervisor");
  expect_refusal({std::to_string(foster.pid_of("own"))}, "supervised already: own");
  expect_refusal({"0"}, "must be the number of a process");
  if (sys::read_cmdline(Pid(2)).empty() && is_alive(2)) expect_refusal({"2"}, "thread of the kernel");
  Stranger good({"sleep", "1000"});
  const Finished taken = foster.run({"adopt", good.text(), "-n", "own"});
  EXPECT_EQ(taken.code, 1);
  EXPECT_THAT(taken.err, HasSubstr("own exists already"));
  EXPECT_TRUE(is_alive(good.pid()));
  EXPECT_EQ(foster.run({"adopt", good.text()}).code, 2) << "it needs a name";
}

TEST_F(Adopt, RefusesAPidfileThatIsStaleOrNone) {
  expect_refusal({"no.pid"}, "no.pid: No such file or directory");
  testing::write_file(foster.path("bad.pid"), "hello\n");
  expect_refusal({"bad.pid"}, "does not hold the number of a process");
  testing::write_file(foster.path("long.pid"), std::string(10'000, '1'));
  expect_refusal({"long.pid"}, "is no pidfile");
  Stranger stranger({"sleep", "1000"});
  const std::string path = foster.path("old.pid");
  testing::write_file(path, stranger.text());
  const timespec old[2] = {{.tv_sec = 1'000'000'000, .tv_nsec = 0}, {.tv_sec = 1'000'000'000, .tv_nsec = 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), old, 0), 0);
  expect_refusal({"old.pid"}, "was started after it was written");
  EXPECT_TRUE(is_alive(stranger.pid()));
}

TEST_F(Adopt, RefusesTheProcessOfSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "another user's process takes root";
  ASSERT_EQ(::chown(foster.directory().c_str(), 54321, 54321), 0);
  Stranger stranger({"sleep", "1000"});
  const auto as_user = [&](std::vector<std::string> words) {
    std::vector<std::string> argv{"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", FOSTER_BINARY};
    argv.insert(argv.end(), words.begin(), words.end());
    return foster.run_program(argv);
  };
  const Finished refused = as_user({"adopt", stranger.text(), "-n", "web"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("Operation not permitted"));
  EXPECT_EQ(as_user({"down"}).code, 0);
}

}  // namespace
}  // namespace foster::e2e
