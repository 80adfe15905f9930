// A pool under test: its workers report over a pipe, its events are written down, and waiting has an end.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <foster/prefork.hpp>
#include "sys/procfs.hpp"
#include "unit/sys/spawning.hpp"

#if defined(__SANITIZE_THREAD__)
#define FOSTER_SKIP_WITH_ITS_OWN_THREAD() GTEST_SKIP() << "the sanitizer runs a thread of its own"
#else
#define FOSTER_SKIP_WITH_ITS_OWN_THREAD() (void)0
#endif

namespace foster::testing {

using sys::testing::in_forked_process;
using sys::testing::make_pipe;
using sys::testing::Pipe;
using namespace std::chrono_literals;

inline constexpr auto kPatience = 60s;

// A fork of a process with a sanitizer's shadow takes a hundred times as long.
#if defined(FOSTER_SANITIZED)
inline constexpr unsigned kManyForks = 100;
#else
inline constexpr unsigned kManyForks = 2000;
#endif

/// Waits for a condition; false when it has not come true.
inline bool await(const std::function<bool()>& condition, const std::function<void(int)>& pause) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    pause(20);
  }
  return true;
}
inline bool await(const std::function<bool()>& condition) {
  return await(condition, [](int milliseconds) { (void)::poll(nullptr, 0, milliseconds); });
}

/// What a worker says of itself.
struct Report {
  unsigned task;
  pid_t pid;
  long what;
};

/// From all workers to the test. A report is written whole.
class Reports {
 public:
  Reports() : pipe_(make_pipe()) { (void)::fcntl(pipe_.reader.get(), F_SETFL, O_NONBLOCK); }

  void say(unsigned task, long what) const {
    const Report report{task, ::getpid(), what};
    (void)!::write(pipe_.writer.get(), &report, sizeof report);
  }
  /// What has come by now.
  const std::vector<Report>& all() {
    Report report{};
    while (::read(pipe_.reader.get(), &report, sizeof report) == static_cast<ssize_t>(sizeof report)) {
      all_.push_back(report);
    }
    return all_;
  }
  /// Those of one task, in order.
  std::vector<Report> of(unsigned task) {
    std::vector<Report> some = all();
    std::erase_if(some, [&](const Report& report) { return report.task != task; });
    return some;
  }
  /// Keeps only the reader: what remains open for writing is the workers'.
  void close_writer() { pipe_.writer.reset(); }
  [[nodiscard]] BorrowedFd reader() const { return pipe_.reader; }

 private:
  Pipe pipe_;
  std::vector<Report> all_;
};

/// Short waits and no limit, so that a test sees many restarts soon.
inline PreforkOptions quick_options(unsigned workers) {
  PreforkOptions options;
  options.workers = workers;
  options.brake = {.initial = 0ms, .max = 0ms, .healthy_after = 0ms};
  return options;
}

/// Until it is asked to finish.
inline int serve_until_stopped(Worker& worker) {
  while (!worker.should_stop()) {
    pollfd watched{worker.stop_fd().get(), POLLIN, 0};
    (void)::poll(&watched, 1, worker.poll_timeout());
    worker.beat();
  }
  return 0;
}

class PoolUnderTest {
 public:
  PoolUnderTest(PreforkOptions options, WorkerFunction work) {
    options.on_event = [this](const PreforkEvent& event) { events.push_back(event); };
    auto started = Prefork::start(std::move(options), std::move(work));
    if (!started) {
      error = started.error();
      return;
    }
    pool_.emplace(std::move(*started));
  }

  Prefork& operator*() { return *pool_; }
  Prefork* operator->() { return &*pool_; }
  explicit operator bool() const { return pool_.has_value(); }

  /// Handles what there is until the condition holds.
  [[nodiscard]] bool drive_until(const std::function<bool()>& condition) {
    if (!pool_) {
      ADD_FAILURE() << to_string(*error);
      return false;
    }
    const bool came = await(condition, [&](int milliseconds) {
      pollfd watched{pool_->fd().get(), POLLIN, 0};
      if (::poll(&watched, 1, milliseconds) > 0) pool_->handle();
    });
    if (!came) ADD_FAILURE() << "it did not come to that; it came to\n" << story();
    return came;
  }
  [[nodiscard]] bool drive_to_end() {
    return drive_until([&] { return pool_->is_done(); });
  }
  /// Asks and waits.
  void stop() {
    if (!pool_) return;
    pool_->stop();
    (void)drive_to_end();
  }
  void destroy() { pool_.reset(); }

  template <class Event>
  [[nodiscard]] std::vector<Event> events_of() const {
    std::vector<Event> some;
    for (const PreforkEvent& event : events) {
      if (const auto* one = std::get_if<Event>(&event)) some.push_back(*one);
    }
    return some;
  }
  [[nodiscard]] std::string story() const {
    std::string text;
    for (const PreforkEvent& event : events) text += to_string(event) + "\n";
    return text;
  }
  [[nodiscard]] std::vector<pid_t> pids() {
    std::vector<pid_t> all;
    for (const WorkerInfo& worker : pool_->workers()) all.push_back(worker.pid.number());
    return all;
  }

  std::vector<PreforkEvent> events;
  std::optional<Error> error;

 private:
  std::optional<Prefork> pool_;
};

/// Waits until the last process that could write has ended.
inline bool all_writers_are_gone(BorrowedFd reader) {
  pollfd watched{reader.get(), POLLIN, 0};
  return ::poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1 &&
         (watched.revents & POLLHUP) != 0;
}

inline bool is_gone(pid_t pid) {
  return ::kill(pid, 0) != 0 && errno == ESRCH;
}

}  // namespace foster::testing
