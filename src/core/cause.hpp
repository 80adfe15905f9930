// Why a transition happened. `foster why` and the journal only print what is decided with the decision.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <foster/exit_status.hpp>

namespace foster::core {

// The numbers are stored in the ledger and the journal; never reuse one.
enum class CauseKind : std::uint8_t {
  none = 0,
  configured = 1,         ///< The config wants it up (autostart).
  requested = 2,          ///< A person or program asked; `detail` names who.
  dependency = 3,         ///< Waits for, or was stopped by, what it needs; `detail` names it.
  spawned = 4,            ///< The process exists.
  spawn_failed = 5,       ///< `detail` is the step and its error.
  became_ready = 6,       ///< `detail` says how.
  not_ready_in_time = 7,  ///< The readiness timeout passed.
  ended = 8,              ///< The main process ended; `exit` says how.
  restart_due = 9,        ///< The backoff is over, or the first restart is immediate.
  limit_reached = 10,     ///< Too many failures in the window; `detail` tells the last one.
  stop_timed_out = 11,    ///< The stop signal was ignored; everything was killed.
  watchdog = 12,          ///< No WATCHDOG=1 in time.
  definition_changed = 13,
  removed = 14,           ///< No longer in the config.
  shutdown = 15,          ///< foster itself is going down.
  essential_failed = 16,  ///< An essential service failed for good; `detail` names it.
  recovered = 17,         ///< Adopted by a new supervisor.
};

struct Cause {
  CauseKind kind = CauseKind::none;
  std::string detail;              ///< Plain words; a name, an error, an actor.
  std::optional<ExitStatus> exit;  ///< Of the run this is about, where one ended.

  friend bool operator==(const Cause&, const Cause&) = default;
};

/// The word used in JSON and the journal: "limit-reached".
[[nodiscard]] std::string_view to_string(CauseKind kind);

/// A sentence for people: "exited with code 3", "waiting for redis", "requested by root (pid 812)".
[[nodiscard]] std::string to_string(const Cause& cause);

}  // namespace foster::core
