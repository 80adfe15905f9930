// What must survive the supervisor, of one instance: plain bytes for the ledger. Restoring a fleet
// from its records gives the same future as never having lost it.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

namespace foster::core {

inline constexpr std::size_t kMaxServiceName = 63;
inline constexpr std::size_t kMaxFailures = 16;

/// In the flags of every record while the fleet is going down: a supervisor that takes over goes on with it.
inline constexpr std::uint8_t kFleetIsShuttingDown = 1U << 5U;

/// Store it before the first action of the step that changed it is done; then nothing is begun that a restored
/// fleet does not know of, and what was not done is asked for again. Instants are nanoseconds of the monotonic
/// clock, 0 where absent. Text is zero-terminated.
struct InstanceRecord {
  char service[kMaxServiceName + 1];
  std::uint32_t index;      ///< Worker number.
  std::uint8_t state;       ///< core::State
  std::uint8_t wanted;      ///< 1: a person or the config wants it up.
  std::uint8_t phase;       ///< Within a state; step.cpp's business.
  std::uint8_t cause_kind;  ///< core::CauseKind
  std::uint32_t run;        ///< Current or last run.
  std::uint32_t restarts;   ///< Automatic restarts since the last start by a person.
  std::uint32_t attempt;    ///< The rung of the backoff's ladder (restart_policy.hpp).
  std::uint32_t failure_count;
  std::int32_t main_pid;     ///< 0: none.
  std::int32_t exit_status;  ///< Wait status of the last run that ended, as wait(2) gives it.
  std::uint8_t exit_kind;    ///< 0: no run ended yet; 1: exit_status is valid; 2: unknown.
  std::uint8_t flags;        ///< step.cpp's business, but for kFleetIsShuttingDown.
  std::uint16_t exit_code;   ///< What a fleet that is going down ends with.
  std::uint32_t jitter_seed;
  std::int64_t since;     ///< When the state was entered.
  std::int64_t deadline;  ///< Of the state: ready by, stopped by, next try.
  std::int64_t ready_since;
  std::int64_t watchdog_deadline;
  std::int64_t watchdog_period;
  std::array<std::int64_t, kMaxFailures> failures;  ///< Times of the last failures, oldest first.
  char cause_detail[192];
};
static_assert(std::is_trivially_copyable_v<InstanceRecord>);

}  // namespace foster::core
