// A daemon under test. Its launcher is a forked process of ours, and we are the subreaper that adopts it: what init
// would be to it, so that its end and its exit status can be seen.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <string>

#include <foster/daemonize.hpp>
#include "sys/procfs.hpp"
#include "unit/sys/spawning.hpp"

#if defined(__SANITIZE_THREAD__)
#define FOSTER_SKIP_WITH_ITS_OWN_THREAD() GTEST_SKIP() << "the sanitizer runs a thread of its own"
#else
#define FOSTER_SKIP_WITH_ITS_OWN_THREAD() (void)0
#endif

namespace foster::testing {

using sys::testing::make_pipe;
using sys::testing::Pipe;

/// What the daemon does once it is one; its return value is its exit code. `say` tells the test something, `wait`
/// returns when the test says so.
struct Stage {
  std::function<void(char)> say;
  std::function<void()> wait;
};
using Act = std::function<int(Daemon&, const Stage&)>;

/// Says it is ready, then waits to be told to end.
inline int be_ready(Daemon& daemon, const Stage& stage) {
  daemon.ready();
  stage.say('r');
  stage.wait();
  return 0;
}

class DaemonUnderTest {
 public:
  explicit DaemonUnderTest(
      DaemonizeOptions options, const Act& act = be_ready, const std::function<void()>& before = [] {}) {
    (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
    Pipe said = make_pipe();
    Pipe told = make_pipe();
    Pipe complaint = make_pipe();
    options.keep_descriptors.push_back(said.writer.get());
    options.keep_descriptors.push_back(told.reader.get());
    launcher_ = ::fork();
    if (launcher_ == 0) {
      told.writer.reset();
      (void)::dup2(complaint.writer.get(), STDERR_FILENO);
      before();
      ::_exit(launch(options, act, said.writer.get(), told.reader.get()));
    }
    said_ = std::move(said.reader);
    told_ = std::move(told.writer);
    complaint_ = std::move(complaint.reader);
  }
  ~DaemonUnderTest() {
    told_.reset();
    if (launcher_ > 0) (void)launcher_exit_code();
    if (pid_ > 0) (void)reap_with_guard();
    // The watcher of a launcher that was killed; no other test waits for it.
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
  }
  DaemonUnderTest(const DaemonUnderTest&) = delete;
  DaemonUnderTest& operator=(const DaemonUnderTest&) = delete;

  /// Waits until the daemon says this.
  void expect_said(char expected) {
    Word word{};
    ASSERT_EQ(::read(said_.get(), &word, sizeof word), static_cast<ssize_t>(sizeof word)) << complaint();
    EXPECT_EQ(word.said, expected);
    pid_ = word.pid;
    guards_ = sys::children_of(Pid(pid_));
  }
  void tell() { EXPECT_EQ(::write(told_.get(), "x", 1), 1); }

  /// As it knew it itself when it last spoke.
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] pid_t launcher() const { return launcher_; }
  [[nodiscard]] bool launcher_is_waiting() const { return ::waitpid(launcher_, nullptr, WNOHANG) == 0; }

  /// 256 + n when a signal ended it.
  int launcher_exit_code() {
    int status = 0;
    EXPECT_EQ(::waitpid(launcher_, &status, 0), launcher_);
    launcher_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
  }
  /// What the launcher wrote on standard error, once nobody can write there any more.
  std::string complaint() { return sys::testing::read_all(complaint_); }

  /// Lets the daemon end, and reaps it in init's place.
  int daemon_exit_code() {
    wait_until_adopted();
    told_.reset();
    const auto reaped = reap_with_guard();
    EXPECT_TRUE(reaped) << "not adopted";
    const int status = reaped.value_or(-1);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
  }

 private:
  /// The daemon, and then the guard of its pidfile, which is adopted when it ends.
  std::optional<int> reap_with_guard() {
    int status = -1;
    const bool is_ours = ::waitpid(pid_, &status, 0) == pid_;
    for (const Pid guard : guards_) (void)::waitpid(guard.number(), nullptr, __WALL);
    pid_ = -1;
    guards_.clear();
    return is_ours ? std::optional(status) : std::nullopt;
  }

  /// The watcher of a launcher that was killed takes a moment to follow it.
  void wait_until_adopted() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (sys::testing::status_of(pid_)["PPid"] != std::to_string(::getpid())) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "still the child of another";
      ::sched_yield();
    }
  }

  struct Word {
    char said;
    pid_t pid;
  };

  static int launch(const DaemonizeOptions& options, const Act& act, int said, int told) {
    auto daemon = daemonize(options);
    if (!daemon) {
      (void)!::write(STDERR_FILENO, "refused ", 8);
      const std::string text = to_string(daemon.error()) + "\n";
      (void)!::write(STDERR_FILENO, text.data(), text.size());
      return 99;
    }
    const Stage stage{.say =
                          [said](char what) {
                            const Word word{what, ::getpid()};
                            (void)!::write(said, &word, sizeof word);
                          },
                      .wait =
                          [told] {
                            char byte = 0;
                            (void)!::read(told, &byte, 1);
                          }};
    return act(*daemon, stage);
  }

  pid_t launcher_ = -1;
  pid_t pid_ = -1;
  std::vector<Pid> guards_;
  UniqueFd said_;
  UniqueFd told_;
  UniqueFd complaint_;
};

}  // namespace foster::testing
