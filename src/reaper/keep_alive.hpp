// When to start the supervisor again, and when to stop believing in it. Pure decisions; the reaper does the deeds.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace foster::reaper {

/// A point of the monotonic clock, as sys::monotonic_now gives it.
using Instant = std::chrono::nanoseconds;

/// Restarts without an end, because services keep running and somebody must watch them; but not without brakes.
///
/// The first two failures in a row are answered at once, the third after 100 ms, each further one after twice as
/// long, at most after 5 s. A supervisor that answered (`up`) and lived on for 10 s ends the row. One that had
/// answered and then was killed by SIGKILL, or left with exit code 0, has not failed: it is replaced at once. Nobody
/// kills himself: SIGKILL before the answer is never followed by more than 50 ms.
class KeepAlive {
 public:
  static constexpr std::chrono::milliseconds kFirstDelay{100};
  static constexpr std::chrono::milliseconds kLongestDelay{5000};
  static constexpr std::chrono::milliseconds kLongestAfterKill{50};
  static constexpr std::chrono::seconds kHealthyAfter{10};
  static constexpr unsigned kFreeRestarts = 2;

  /// A new one runs, and has not answered yet.
  void started() noexcept { up_since_.reset(); }
  /// It said `up`.
  void answered(Instant now) noexcept {
    if (!up_since_) up_since_ = now;
  }
  /// It ended like this.
  /// @return When to start the next one.
  [[nodiscard]] Instant ended(int wait_status, Instant now) noexcept;

  /// Somebody listens: the current supervisor said `up`, and has not ended since.
  [[nodiscard]] bool is_up() const noexcept { return up_since_.has_value(); }

 private:
  std::optional<Instant> up_since_;
  unsigned failures_ = 0;
};

/// Requests to end (SIGTERM, SIGINT, SIGQUIT) are the supervisor's to answer. This tells when it had its chance:
/// with the third request within 10 s while no supervisor is up, or the fifth in any case, the reaper itself ends
/// everything. So a broken supervisor makes foster no harder to stop than that.
class LastResort {
 public:
  static constexpr std::chrono::seconds kWindow{10};
  static constexpr std::size_t kRequestsWhenDown = 3;
  static constexpr std::size_t kRequestsWhenUp = 5;

  enum class Supervisor : std::uint8_t { up, down };

  /// Notes a request. @return Whether it was one too many.
  [[nodiscard]] bool requested(Instant now, Supervisor supervisor) noexcept;

 private:
  std::array<std::optional<Instant>, kRequestsWhenUp> latest_;  // newest first
};

}  // namespace foster::reaper
