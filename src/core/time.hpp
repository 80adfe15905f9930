// Points in time and durations as values. Nothing here can read a clock: whoever decides is told the time.
#pragma once

#include <chrono>
#include <cstdint>

namespace foster::core {

using Duration = std::chrono::nanoseconds;

/// Nanoseconds of the kernel's monotonic clock (CLOCK_MONOTONIC), which goes on across a restart of
/// the supervisor and never jumps. It has no `now()` on purpose; sys/clock.hpp reads it.
struct Timeline {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<Timeline, Duration>;
  static constexpr bool is_steady = true;
};

using Instant = Timeline::time_point;

}  // namespace foster::core
