// Which processes belong to a run where there is no cgroup to ask: found by the tag in their
// environment, their session and group, and their ancestry.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <foster/ids.hpp>

#include "sys/pidfd.hpp"

namespace foster::supervisor {

/// By what the processes of one run are known.
struct RunMarks {
  std::string tag;      ///< Value of FOSTER_RUN.
  pid_t first_pid = 0;  ///< The spawned process: the number of its session and group while anybody is in them.
  pid_t main_pid = 0;   ///< The main process, alive or not; it may lead a session of its own.
  /// The reaper that started the run was lost: its orphans are somewhere else, and numbers prove nothing of them.
  bool is_foreign = false;
};

/// The live processes of the run (zombies are not alive), as they are at this moment: whoever must
/// find all of them asks until there are none. Looks below `reaper` only, so that nobody else's
/// processes are ever taken; for a foreign run everywhere, at what carries the tag and what is below that.
///
/// A descendant that has changed its session, given up its environment and lost every ancestor of the
/// run cannot be told from a stranger's child; `is_stranger` says of a direct child of the reaper whether
/// it is somebody else's for certain.
[[nodiscard]] std::vector<sys::ProcessIdentity> find_run_processes(Pid reaper, const RunMarks& marks,
                                                                   const std::function<bool(pid_t)>& is_stranger);

/// Whether this live process belongs to the run.
[[nodiscard]] bool is_run_process(Pid reaper, const RunMarks& marks, Pid pid,
                                  const std::function<bool(pid_t)>& is_stranger);

}  // namespace foster::supervisor
