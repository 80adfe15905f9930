// Two small decisions about restarts: whether there were too many, and how long the next one waits.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

#include <foster/prefork.hpp>

namespace foster {

/// An instant of CLOCK_MONOTONIC.
using PoolTime = std::chrono::nanoseconds;

/// The failures of a whole pool, against `max_restarts` in `restart_window`.
class RestartCount {
 public:
  explicit RestartCount(const PreforkOptions& options) : most_(options.max_restarts), window_(options.restart_window) {}

  /// Takes note of a failure; false when a restart for it would be one too many.
  [[nodiscard]] bool note(PoolTime now);

  /// Restarts that were granted, ever.
  [[nodiscard]] unsigned granted() const noexcept { return granted_; }

 private:
  std::optional<unsigned> most_;
  std::optional<std::chrono::milliseconds> window_;
  unsigned granted_ = 0;
  std::deque<PoolTime> recent_;  ///< Only where there is a window.
};

/// The short runs in a row of one task.
class ShortRuns {
 public:
  /// What a run was like that is to be followed by another.
  struct Run {
    PoolTime length;
    bool was_ready;
    bool failed;
  };

  /// Takes note of its end; the time until the next start.
  [[nodiscard]] std::chrono::milliseconds note(const Run& run, const RestartBrake& brake);

  /// Takes note of a start that did not come about: never without a wait.
  [[nodiscard]] std::chrono::milliseconds note_no_start(const RestartBrake& brake);

  /// A person wants it started: nothing that was counts.
  void forget() noexcept { row_ = 0; }

 private:
  unsigned row_ = 0;
};

}  // namespace foster
