#include "lib/restart_count.hpp"

#include <algorithm>

namespace foster {
namespace {

/// Nothing before the first restart of a row, then `initial`, twice that, and so on.
std::chrono::milliseconds delay_in_row(unsigned row, const RestartBrake& brake) {
  if (row <= 1) return {};
  constexpr unsigned kMostDoublings = 30;
  const auto factor = std::chrono::milliseconds::rep(1) << std::min(row - 2, kMostDoublings);
  // Divided, not multiplied, so that no `initial` overflows.
  return brake.initial > brake.max / factor ? brake.max : brake.initial * factor;
}

}  // namespace

bool RestartCount::note(PoolTime now) {
  if (most_) {
    if (window_) {
      std::erase_if(recent_, [&](PoolTime failure) { return now - failure >= *window_; });
      if (recent_.size() >= *most_) return false;
      recent_.push_back(now);
    } else if (granted_ >= *most_) {
      return false;
    }
  }
  ++granted_;
  return true;
}

std::chrono::milliseconds ShortRuns::note(const Run& run, const RestartBrake& brake) {
  const bool was_healthy = run.was_ready && run.length >= brake.healthy_after;
  if (was_healthy) row_ = 0;
  // A healthy worker that recycled itself has not even begun a row.
  if (!was_healthy || run.failed) ++row_;
  return delay_in_row(row_, brake);
}

std::chrono::milliseconds ShortRuns::note_no_start(const RestartBrake& brake) {
  row_ = std::max(row_ + 1, 2U);
  return std::max(delay_in_row(row_, brake), std::chrono::milliseconds(1));
}

}  // namespace foster
