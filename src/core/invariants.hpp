// The ten invariants as predicates over a fleet and what is true in the world around it. Used by the simulation after
// each step; nothing in foster itself calls them.
//
//  1. An instance never has two live runs.
//  2. Nothing outlives a stop: in a state in which nothing may be alive, nothing is.
//  3. An exit that was told is taken note of: no instance goes on naming a process that has ended (it would never be
//  let
//     go, a zombie).
//  4. What is wanted is up, starting, waiting for a reason that is true, in backoff with a known next try, or has ended
//  or failed
//     with a cause; never forgotten.
//  5. Restarts stay within the limit.
//  6. What an instance needs is ready before it is spawned, and it is down before what it needs is signalled.
//  7. Only the main process of the current run is signalled, and only while its end was not told.
//  8. No run begins before the last one's end, its last output included, was told.
//  9. A fleet restored from its records is the fleet that was lost.
// 10. A reload touches only what its plan named.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/fleet.hpp"

namespace foster::core {

struct Violation {
  unsigned invariant;  ///< 1 to 10.
  std::string text;    ///< Who, and what was seen.
};
using Violations = std::vector<Violation>;

/// What is true of one run, whatever the fleet believes. Runs of which nothing is alive and whose end was told need not
/// be listed.
struct RunFacts {
  InstanceId id;
  Run run;
  std::optional<Pid> main;   ///< As long as it lives, or its end was not told.
  std::optional<Pid> ended;  ///< A main process whose end was told.
  unsigned alive = 0;        ///< Processes, the main one included.
  bool was_signalled = false;
  bool gone_was_told = false;
};

struct WorldFacts {
  std::vector<RunFacts> runs;
  /// By id: when it failed, as far as that counts (not before somebody started it).
  std::vector<std::vector<Instant>> failures;
  /// By id: starts that failed in a row, of services with `start_retries`.
  std::vector<unsigned> failed_starts = {};
  bool everything_is_killed = false;  ///< A second shutdown: no order any more.
};

/// As good as ready for those that need it: running, or a job that is done.
[[nodiscard]] bool provides(const Fleet& fleet, const InstanceView& view);

/// 1 to 3: what must hold between any two steps.
void check_runs(const Fleet& fleet, const WorldFacts& facts, Violations& found);

/// 4: the same, but not between the restoring of a fleet and its first tick, before which nothing is settled.
void check_wishes(const Fleet& fleet, Violations& found);

/// 5 to 8: what must hold of each action at the moment it is decided. `facts` are those before it is done.
void check_action(const Fleet& fleet, const Action& action, const WorldFacts& facts, Instant now, Violations& found);

/// 9: the records of both, bit by bit, and what can be seen of them.
void check_recovery(const Fleet& lost, const Fleet& restored, Violations& found);

/// 10: what a reload did, against the plan it gave before. Who depends on a changed service may be touched for that
/// alone.
void check_reload(const Fleet& after, std::span<const ServiceChange> plan, const Actions& actions, Violations& found);

}  // namespace foster::core
