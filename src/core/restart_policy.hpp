// When the next try is: backoff with jitter, and the limit after which there is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model.hpp"
#include "core/record.hpp"

namespace foster::core {

/// How a try has ended, as far as the next one depends on it.
struct TryEnd {
  enum class Kind : std::uint8_t { success, failure };
  Kind kind;
  Instant now;
  std::optional<Instant> ready_since;  ///< Empty: it never was ready.
};

/// What the tries of one instance have come to. A ladder: on rung 0 all is well; a ready run that ends brings
/// rung 1, from which the next try is immediate; rung 2 waits `initial`, rung 3 `initial * factor` and so on. A run
/// that never was ready skips rung 1. A success ends a row of failures, but goes no lower than the first rungs, which
/// is the brake for a command that ends at once and is to be restarted always. With `start_retries` a ready run ends
/// the row, so the rung also says how many starts have failed in a row.
class Tries {
 public:
  Tries() = default;
  explicit Tries(std::uint32_t jitter_seed) : jitter_(jitter_seed) {}
  /// As recorded.
  Tries(std::uint32_t jitter_seed, std::uint32_t rung, std::vector<Instant> failures)
      : failures_(std::move(failures)), rung_(rung), jitter_(jitter_seed) {}

  /// Takes note of an end; true if the instance may be tried again, false if the limit is reached.
  [[nodiscard]] bool note(const TryEnd& end, const Service& service);

  /// From an end just noted to the next try. Draws the next random number.
  [[nodiscard]] Duration next_delay(const Backoff& backoff);

  /// A person starts it: nothing that was counts.
  void forget();

  [[nodiscard]] std::uint32_t rung() const { return rung_; }
  /// In a row, of a service with `start_retries`.
  [[nodiscard]] std::uint32_t failed_starts() const { return rung_ < 2 ? 0 : rung_ - 1; }
  [[nodiscard]] std::uint32_t jitter_seed() const { return jitter_; }
  /// Oldest first, at most kMaxFailures.
  [[nodiscard]] const std::vector<Instant>& failures() const { return failures_; }

 private:
  std::vector<Instant> failures_;
  std::uint32_t rung_ = 0;
  std::uint32_t jitter_ = 0;
};

/// The delay on a rung before jitter: 0 on the first two, then with n = rung - 2
/// `initial * factor^n + n * step`, at most `max`.
[[nodiscard]] Duration delay_on_rung(const Backoff& backoff, std::uint32_t rung);

/// "10s", "1m30s", "250ms": for causes.
[[nodiscard]] std::string to_text(Duration duration);

}  // namespace foster::core
