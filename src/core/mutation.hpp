// Deliberately broken rules, one for each invariant, so that the simulation can show that it would notice.
// Compiled in only where FOSTER_MUTATIONS is defined (tests/sim); everywhere else `is_broken` is the constant false.
#pragma once

#include <cstdint>

namespace foster::core {

/// What is broken. Numbered after the invariant that must notice.
enum class Mutation : std::uint8_t {
  none,
  spawns_before_the_last_run_is_gone,    ///< 1: a crashed main process is replaced while others of its run live.
  stopped_when_only_the_main_has_ended,  ///< 2: what the main process left behind is not waited for.
  keeps_the_pid_of_a_dead_main,          ///< 3: an exit that was told is not taken note of.
  forgets_the_next_try,                  ///< 4: backoff without a timer.
  counts_no_failures,                    ///< 5: the limit never trips.
  counts_no_failed_starts,               ///< 5: a start that fails is tried for ever.
  a_starting_need_is_good_enough,        ///< 6: dependants start before what they need is ready.
  stops_a_need_before_its_dependants,    ///< 6: the other direction.
  signals_a_main_that_has_ended,         ///< 7: the stop signal goes to a number that may be somebody else's.
  a_start_overtakes_the_last_output,     ///< 8: a start by a person does not wait for the old run's end.
  does_not_record_the_wish,              ///< 9: what a person wanted is lost with the supervisor.
  reload_restarts_everything,            ///< 10: a service that did not change is restarted.
};

inline constexpr unsigned kMutations = 13;

#ifdef FOSTER_MUTATIONS
inline Mutation active_mutation = Mutation::none;
[[nodiscard]] inline bool is_broken(Mutation rule) {
  return active_mutation == rule;
}
#else
[[nodiscard]] constexpr bool is_broken(Mutation) {
  return false;
}
#endif

}  // namespace foster::core
