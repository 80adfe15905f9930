#include "core/restart_policy.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/mutation.hpp"

namespace foster::core {
namespace {

constexpr std::uint32_t kHighestRung = 1'000'000;

// One step of a 32-bit permutation generator: every seed gives a full period, and the state is what the record keeps.
std::uint32_t next_state(std::uint32_t state) {
  return state * 747796405U + 2891336453U;
}

double unit_interval(std::uint32_t state) {
  const std::uint32_t word = ((state >> ((state >> 28U) + 4U)) ^ state) * 277803737U;
  return static_cast<double>((word >> 22U) ^ word) / 4294967295.0;
}

}  // namespace

Duration delay_on_rung(const Backoff& backoff, std::uint32_t rung) {
  if (rung < 2 || (backoff.initial <= Duration::zero() && backoff.step <= Duration::zero())) return Duration::zero();
  const double factor = std::pow(std::max(1.0, backoff.factor), rung - 2);
  const double grown = backoff.initial > Duration::zero() ? static_cast<double>(backoff.initial.count()) * factor : 0;
  const double nanoseconds = grown + static_cast<double>(backoff.step.count()) * (rung - 2);
  const auto max = static_cast<double>(backoff.max.count());
  return nanoseconds < max ? Duration(static_cast<Duration::rep>(nanoseconds)) : backoff.max;
}

bool Tries::note(const TryEnd& end, const Service& service) {
  if (service.start_retries) {
    if (!end.ready_since) {
      rung_ = std::min(std::max(rung_ + 1, 2U), kHighestRung);
      return failed_starts() <= *service.start_retries || is_broken(Mutation::counts_no_failed_starts);
    }
    rung_ = 0;
  }
  if (end.ready_since && end.now - *end.ready_since >= service.backoff.reset_after) rung_ = 0;
  const std::uint32_t next = end.ready_since && rung_ == 0 ? 1 : std::max(rung_ + 1, 2U);
  if (end.kind == TryEnd::Kind::success) {
    rung_ = std::min(next, 2U);
    return true;
  }
  rung_ = std::min(next, kHighestRung);
  if (!service.limit || is_broken(Mutation::counts_no_failures)) {
    failures_.clear();
    return true;
  }
  std::erase_if(failures_, [&](Instant failure) { return end.now - failure > service.limit->within; });
  const std::size_t allowed = std::min<std::size_t>(service.limit->count, kMaxFailures);
  if (failures_.size() >= allowed) return false;
  failures_.push_back(end.now);
  return true;
}

Duration Tries::next_delay(const Backoff& backoff) {
  const Duration delay = delay_on_rung(backoff, rung_);
  if (delay == Duration::zero() || backoff.jitter <= 0) return delay;
  jitter_ = next_state(jitter_);
  const double share = std::min(1.0, backoff.jitter) * (2 * unit_interval(jitter_) - 1);
  return Duration(static_cast<Duration::rep>(static_cast<double>(delay.count()) * (1 + share)));
}

void Tries::forget() {
  failures_.clear();
  rung_ = 0;
}

std::string to_text(Duration duration) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (milliseconds % 1000 != 0) return std::to_string(milliseconds) + "ms";
  const auto seconds = milliseconds / 1000;
  std::string text;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds % 3600 >= 60) text += std::to_string(seconds % 3600 / 60) + "m";
  if (seconds % 60 != 0 || seconds == 0) text += std::to_string(seconds % 60) + "s";
  return text;
}

}  // namespace foster::core
