#include "supervisor/run_processes.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "supervisor/environment.hpp"

namespace foster::supervisor {
namespace {

// This process as the reaper of what the tests start; everything is killed at the end.
class RunProcesses : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
  void TearDown() override {
    for (const pid_t pid : started_) ::kill(pid, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  // Forks a process that executes sleep with this tag, after `before` in the child. Returns the pid that sleeps:
  // one that `before` may have made by forking again.
  template <class Before>
  pid_t sleeper(const std::string& tag, Before before) {
    std::array<int, 2> told{};
    EXPECT_EQ(::pipe2(told.data(), O_CLOEXEC), 0);
    const std::string variable = std::string(kRunTag) + "=" + tag;
    const pid_t child = ::fork();
    if (child == 0) {
      before();
      const pid_t self = ::getpid();
      if (::write(told[1], &self, sizeof self) != sizeof self) ::_exit(1);
      const char* environment[] = {tag.empty() ? nullptr : variable.c_str(), nullptr};
      ::execle("/bin/sleep", "sleep", "1000", nullptr, environment);
      ::_exit(127);
    }
    ::close(told[1]);
    pid_t pid = 0;
    EXPECT_EQ(::read(told[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    // The end of file is the exec.
    char byte = 0;
    EXPECT_EQ(::read(told[0], &byte, 1), 0);
    ::close(told[0]);
    started_.push_back(pid);
    return pid;
  }

  static std::vector<pid_t> find(const RunMarks& marks) {
    std::vector<pid_t> pids;
    for (const auto& found : find_run_processes(Pid(::getpid()), marks, [](pid_t) { return false; })) {
      pids.push_back(found.pid);
    }
    std::ranges::sort(pids);
    return pids;
  }

  static void become_daemon() {
    ::setsid();
    if (::fork() > 0) ::_exit(0);
    ::setsid();
  }

  std::vector<pid_t> started_;
};

TEST_F(RunProcesses, FindsADaemonByItsTagAlone) {
  const pid_t ours = sleeper("mine", become_daemon);
  const pid_t theirs = sleeper("other", become_daemon);
  EXPECT_EQ(find({.tag = "mine", .first_pid = 0, .main_pid = 0}), std::vector{ours});
  EXPECT_EQ(find({.tag = "other", .first_pid = 0, .main_pid = 0}), std::vector{theirs});
}

TEST_F(RunProcesses, FindsWhoGaveUpItsEnvironmentByTheSession) {
  const pid_t leader = sleeper("mine", [] { ::setsid(); });
  std::array<int, 2> told{};
  ASSERT_EQ(::pipe(told.data()), 0);
  const pid_t bare = sleeper("", [&] { ::setpgid(0, 0); });
  EXPECT_EQ(find({.tag = "mine", .first_pid = leader, .main_pid = 0}), std::vector{leader});
  EXPECT_EQ(find({.tag = "mine", .first_pid = leader, .main_pid = bare}),
            (std::vector{std::min(leader, bare), std::max(leader, bare)}))
      << "the main process leads a group of its own";
}

TEST_F(RunProcesses, NeverTakesAStrangersTree) {
  const pid_t theirs = sleeper("mine", [] { ::setsid(); });
  const auto found = find_run_processes(Pid(::getpid()), {.tag = "mine", .first_pid = 0, .main_pid = 0},
                                        [&](pid_t pid) { return pid == theirs; });
  EXPECT_TRUE(found.empty());
}

TEST_F(RunProcesses, CountsNoZombie) {
  const pid_t pid = sleeper("mine", [] {});
  ::kill(pid, SIGKILL);
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(find({.tag = "mine", .first_pid = pid, .main_pid = pid}).empty());
}

}  // namespace
}  // namespace foster::supervisor
