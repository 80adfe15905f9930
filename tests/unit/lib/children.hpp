// Children of libfoster under test: started, listened to, and looked at in /proc.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <foster/reap.hpp>
#include <foster/spawn.hpp>
#include "sys/own_children.hpp"
#include "sys/pidfd.hpp"
#include "unit/sys/spawning.hpp"

namespace foster::testing {

using sys::testing::has_no_children;
using sys::testing::make_pipe;
using sys::testing::open_fds_of;
using sys::testing::Pipe;
using sys::testing::read_all;
using sys::testing::stat_of;
using sys::testing::status_of;

/// Runs the story in a forked process; a failed expectation there is one here.
inline int in_forked_process(const std::function<int()>& story) {
  return sys::testing::in_forked_process([&] {
    try {
      const int code = story();
      return code == 0 && ::testing::Test::HasFailure() ? 100 : code;
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
      return 101;
    }
  });
}

/// Orphans come to this process while it lives, and are reaped at its end.
class ScopedSubreaper {
 public:
  ScopedSubreaper() { EXPECT_TRUE(become_subreaper()); }
  ~ScopedSubreaper() {
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
    (void)::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }
  ScopedSubreaper(const ScopedSubreaper&) = delete;
  ScopedSubreaper& operator=(const ScopedSubreaper&) = delete;
};

inline Child start(const SpawnPlan& plan) {
  auto child = spawn(plan);
  if (!child) throw std::runtime_error(to_string(child.error()));
  return std::move(*child);
}

/// What it writes to standard output, until its end.
inline std::string output_of(SpawnPlan plan) {
  plan.fds[STDOUT_FILENO] = PipeFd{};
  Child child = start(plan);
  std::string output = read_all(child.take_output());
  EXPECT_TRUE(is_success(child.wait().status)) << to_string(child.wait().status) << " " << output;
  return output;
}

/// /bin/cat on two pipes: it answers once it is past its loader, and ends when its input does.
class Cat {
 public:
  explicit Cat(SpawnPlan plan = {}) : child_(start(with_pipes(std::move(plan)))) {
    input_ = child_.take_input();
    output_ = child_.take_output();
    EXPECT_TRUE(answers());
  }
  [[nodiscard]] Child& child() { return child_; }
  [[nodiscard]] pid_t pid() const { return child_.pid().number(); }
  [[nodiscard]] bool answers() {
    char byte = 'x';
    return ::write(input_.get(), &byte, 1) == 1 && ::read(output_.get(), &byte, 1) == 1;
  }
  void close_input() { input_.reset(); }

 private:
  static SpawnPlan with_pipes(SpawnPlan plan) {
    plan.argv = {"/bin/cat"};
    plan.fds[STDIN_FILENO] = PipeFd{};
    plan.fds[STDOUT_FILENO] = PipeFd{};
    return plan;
  }

  Child child_;
  UniqueFd input_;
  UniqueFd output_;
};

/// A number on a line of its own; -1 when the pipe ends before.
inline pid_t read_pid(BorrowedFd fd) {
  std::string line;
  for (char byte = 0; ::read(fd.get(), &byte, 1) == 1 && byte != '\n';) line += byte;
  return line.empty() ? -1 : std::stoi(line);
}

inline bool wait_until(const std::function<bool()>& is_true) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    (void)::poll(nullptr, 0, 1);
  }
  return true;
}

/// Watches a process of any parentage from now on.
class Watched {
 public:
  explicit Watched(pid_t pid) : handle_(sys::ProcessHandle::open(Pid(pid))) {
    EXPECT_TRUE(handle_.has_value()) << pid << " is gone already";
  }
  [[nodiscard]] bool is_alive() const { return handle_ && handle_->is_alive(); }
  [[nodiscard]] bool ends() const {
    if (!handle_) return true;
    pollfd end{handle_->fd().get(), POLLIN, 0};
    return ::poll(&end, 1, 30'000) == 1;
  }

 private:
  Result<sys::ProcessHandle> handle_;
};

inline std::size_t zombies_of_ours() {
  std::size_t count = 0;
  sys::for_each_child([&](const sys::ProcessStat& stat) { count += stat.state == 'Z' ? 1 : 0; });
  return count;
}

inline std::size_t open_fd_count() {
  return open_fds_of(::getpid()).size();
}

inline SpawnPlan sleeper() {
  return command({"/bin/sleep", "1000"});
}

}  // namespace foster::testing
