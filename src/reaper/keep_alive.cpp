#include "reaper/keep_alive.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <utility>

namespace foster::reaper {
namespace {

bool was_killed(int wait_status) noexcept {
  return WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
}

bool has_left(int wait_status) noexcept {
  return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
}

Instant delay_after(unsigned failures_before) noexcept {
  if (failures_before < KeepAlive::kFreeRestarts) return Instant::zero();
  constexpr unsigned kEnoughDoublings = 10;  // beyond the longest delay, far from an overflow
  const unsigned doublings = std::min(failures_before - KeepAlive::kFreeRestarts, kEnoughDoublings);
  return std::min<Instant>(KeepAlive::kFirstDelay * (1U << doublings), KeepAlive::kLongestDelay);
}

}  // namespace

Instant KeepAlive::ended(int wait_status, Instant now) noexcept {
  const std::optional<Instant> up_since = std::exchange(up_since_, std::nullopt);
  if (up_since && now - *up_since >= kHealthyAfter) failures_ = 0;
  if (up_since && (was_killed(wait_status) || has_left(wait_status))) return now;
  const Instant delay = delay_after(failures_);
  if (delay < kLongestDelay) ++failures_;
  return now + (was_killed(wait_status) ? std::min<Instant>(delay, kLongestAfterKill) : delay);
}

bool LastResort::requested(Instant now, Supervisor supervisor) noexcept {
  std::ranges::copy_backward(latest_.begin(), latest_.end() - 1, latest_.end());
  latest_.front() = now;
  const auto recent = [&](std::size_t count) {
    const std::optional<Instant>& earliest = latest_[count - 1];
    return earliest && now - *earliest <= kWindow;
  };
  return recent(kRequestsWhenUp) || (supervisor == Supervisor::down && recent(kRequestsWhenDown));
}

}  // namespace foster::reaper
