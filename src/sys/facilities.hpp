// Which newer kernel facilities may be used. Each has a fallback, and this is the switch that forces it.
#pragma once

#include <string_view>

namespace foster::sys {

enum class Facility : unsigned {
  clone3,             ///< clone3(2), Linux 5.3, which some containers forbid; otherwise clone(2).
  clone_into_cgroup,  ///< CLONE_INTO_CGROUP, Linux 5.7; otherwise a write to cgroup.procs.
  close_range,        ///< close_range(2), Linux 5.9; otherwise /proc/self/fd.
  pidfd_exit_info,    ///< An exit status after somebody else's wait, Linux 6.15; otherwise it is unknown.
  pidfs_inode,        ///< A pidfd's inode names the process, Linux 6.9; otherwise its start time does.
  cgroup,             ///< cgroup v2 at all; otherwise process groups and ancestry.
  cgroup_kill,        ///< cgroup.kill, Linux 5.14; otherwise each member is signalled.
  splice,             ///< splice(2) from FIFO to file; otherwise read and write.
  openat2,            ///< openat2(2), Linux 5.6; otherwise openat and a look.
  proc_connector,     ///< The kernel's own news of processes, for root; otherwise looks at /proc.
};

/// The word by which FOSTER_WITHOUT names it: the enumerator's own.
[[nodiscard]] std::string_view name(Facility facility) noexcept;

/// False when the environment variable FOSTER_WITHOUT names it ("close_range,splice"). The variable is read
/// once, at the first question. Allowed does not mean present: only the call itself tells. Unknown words are
/// passed over, so that a script may name what a later version knows.
[[nodiscard]] bool facility_allowed(Facility facility) noexcept;

/// Replaces what FOSTER_WITHOUT said, for this process; "" allows everything.
void forbid_facilities_for_testing(std::string_view without) noexcept;

}  // namespace foster::sys
