// Making a process: the parent's half. The request is a value; all that can be prepared is prepared before the
// clone, and a failure on the other side comes back as a step and an errno.
// Looking for the public API? foster/spawn.hpp
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>
#include "sys/child_step.hpp"
#include "sys/fd_lane.hpp"

namespace foster::sys {

/// `source` of ours is `target` in the new program. Targets may be sources of others, in any order.
struct FdMapping {
  BorrowedFd source;
  int target;
};

/// One resource limit of the new program.
struct LimitSetting {
  int resource;  ///< RLIMIT_NOFILE, …
  rlim_t soft;
  rlim_t hard;
};

/// The word by which the child proves, before it execs, that it is still wanted: it swaps `expected` for the same
/// value with its pid in the low 32 bits. The word may lie in shared memory.
struct ClaimTicket {
  std::atomic<std::uint64_t>* word;
  std::uint64_t expected;  ///< The ticket in the high 32 bits, 0 in the low ones.
};

/// Whose child the new process is.
enum class Parent : std::uint8_t {
  self,
  grandparent,  ///< CLONE_PARENT: a sibling of ours, reaped by our parent, also when its start failed.
  nobody,       ///< An orphan from its start: the nearest subreaper or init reaps it. A new session has no leader then.
};

/// What happens to descriptors from 3 up that are not in the plan.
enum class OtherFds : std::uint8_t { close, keep };

enum class NewPrivileges : std::uint8_t { allowed, never };

/// What came of a clone, as plain data: it may have been made in another process than the one that asks.
struct Started {
  pid_t pid = -1;  ///< -1: there is none, and `error` says why.
  int error = 0;
  int pidfd = -1;        ///< Open where there is a pid, in the process that made it.
  ChildFailure failure;  ///< The step at which the child ended; who made it has reaped it.
};
static_assert(std::is_trivially_copyable_v<Started>);

/// The clone with everything prepared. Every signal must be blocked. @signal_safe
using StartChild = std::function<Started()>;

/// Everything about a process to be. Only `program` and `argv` are needed; what is left out is inherited.
struct SpawnRequest {
  std::string program = {};                   ///< A path for execve, from `resolve_program`; not searched for.
  std::vector<std::string> argv = {};         ///< argv[0] included.
  std::vector<std::string> environment = {};  ///< "NAME=value", complete: nothing is added.
  std::string directory = {};                 ///< Empty: the current one. Entered with the new ids.
  std::vector<FdMapping> fds = {};
  OtherFds other_fds = OtherFds::close;
  FdLane* lane = nullptr;  ///< Used for this spawn; makes its cost independent of how much is open here.
  SessionMode session = SessionMode::keep;
  std::optional<uid_t> uid = {};
  std::optional<gid_t> gid = {};
  std::optional<std::vector<gid_t>> groups = {};  ///< Supplementary groups; set before gid and uid.
  std::vector<Signal> ignored_signals = {};       ///< All others start at their defaults.
  /// The signals ignored or handled here, from a caller that knows them: it saves a system call for each other one.
  std::optional<std::vector<Signal>> changed_signals = {};
  std::optional<int> nice = {};  ///< -20 to 19.
  std::vector<LimitSetting> limits = {};
  std::optional<mode_t> umask = {};
  std::optional<BorrowedFd> cgroup = {};  ///< A directory of a cgroup v2 tree that the process is born in.
  std::optional<ClaimTicket> claim = {};
  std::optional<Signal> parent_death_signal = {};  ///< Sent to the child when its parent thread ends.
  NewPrivileges new_privileges = NewPrivileges::allowed;
  Parent parent = Parent::self;
  /// Where the clone itself takes place, if not here: called once, with signals blocked, it calls what it is given
  /// in a process of its choice, to which the child is `parent`, and brings the outcome back.
  std::function<Result<Started>(const StartChild&)> start_elsewhere = {};
};

struct Spawned {
  Pid pid;
  UniqueFd pidfd;  ///< For `ProcessHandle::adopt`.
};

/// Starts the program. When it returns a value, execve has succeeded: the new program runs, or has been killed.
/// Signals start at their defaults or ignored, none blocked.
///
/// @errors Step "clone": `EAGAIN` no free pids or a process limit, `ENOMEM`, `EMFILE`. A step of the child by its
///         name, detail and errno: "chdir /srv/web", "exec /usr/bin/x", "setuid 33", "limit 7", "descriptor 9 -> 1".
///         "claim" with `ECANCELED`: the word had changed, and the child left without a trace.
///         `E2BIG` from exec counts arguments and environment together.
/// @blocks Until exec or the child's failure; the calling thread sleeps, others go on.
/// @threads Any.
[[nodiscard]] Result<Spawned> spawn(const SpawnRequest& request);

}  // namespace foster::sys
