// The eight states of an instance and their words: the same in TOML, JSON, logs and on the screen.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace foster::core {

// The numbers are stored in the ledger; never reuse one.
enum class State : std::uint8_t {
  stopped = 0,   ///< Not wanted, nothing runs.
  waiting = 1,   ///< Wanted, waits for a named reason before it is spawned.
  starting = 2,  ///< Spawned, not ready yet.
  running = 3,   ///< Ready.
  stopping = 4,  ///< Asked to end, or being killed.
  backoff = 5,   ///< Ended by itself; the next try is known.
  exited = 6,    ///< Ended by itself, not to be restarted.
  failed = 7,    ///< Gave up; the cause is kept.
};

inline constexpr unsigned kStates = 8;

[[nodiscard]] constexpr std::string_view to_string(State state) {
  switch (state) {
    case State::stopped:
      return "stopped";
    case State::waiting:
      return "waiting";
    case State::starting:
      return "starting";
    case State::running:
      return "running";
    case State::stopping:
      return "stopping";
    case State::backoff:
      return "backoff";
    case State::exited:
      return "exited";
    case State::failed:
      return "failed";
  }
  return "";
}

[[nodiscard]] constexpr std::optional<State> state_from_string(std::string_view word) {
  for (unsigned n = 0; n < kStates; ++n) {
    if (to_string(static_cast<State>(n)) == word) return static_cast<State>(n);
  }
  return std::nullopt;
}

/// A process of this instance may be alive.
[[nodiscard]] constexpr bool may_be_alive(State state) {
  return state == State::starting || state == State::running || state == State::stopping;
}

}  // namespace foster::core
