// Starting programs: the plan is a value, and everything that goes wrong before the new program runs comes back as an
// error that names the step. Looking for what to do with the result? foster/child.hpp
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <foster/child.hpp>
#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>
#include <foster/user_and_group.hpp>

namespace foster {

/// The variables of the new program.
struct EnvironmentPlan {
  /// What the changes start from.
  enum class Base { inherited, empty };
  Base base = Base::inherited;
  /// Name to value; a name without a value is taken out.
  std::map<std::string, std::optional<std::string>> changes = {};
};

/// The same descriptor number as ours. What the standard streams are if nothing else is said; one that is closed
/// here is /dev/null there, so that the child's first file does not take its place.
struct InheritFd {};
/// Read nothing, write nowhere: /dev/null.
struct NullFd {};
/// A file, opened with our rights before the start. A relative path is seen from `SpawnPlan::directory`.
struct FileFd {
  std::filesystem::path path;
  /// A file that is not there is made for writing, with mode 0666 less our umask.
  enum class Mode { read, write, append };
  Mode mode = Mode::read;  ///< `write` empties it first.
};
/// A descriptor of ours that the caller keeps open until `spawn` returns.
struct LentFd {
  BorrowedFd fd;
};
/// A descriptor that belongs to the plan, and is closed with its last copy.
struct OwnedFd {
  explicit OwnedFd(UniqueFd owned) : fd(std::make_shared<const UniqueFd>(std::move(owned))) {}
  std::shared_ptr<const UniqueFd> fd;
};
/// A pipe whose other end is the `Child`'s to take.
struct PipeFd {
  /// Which way the bytes go.
  enum class Flow { to_child, from_child };
  std::optional<Flow> flow = {};  ///< Unless said: the child reads from 0, and writes to all others.
};
/// What another descriptor of the plan is: `plan.fds[2] = SameFd{1}` sends errors where the output goes.
struct SameFd {
  int target;
};
/// What one descriptor of the new program is.
using FdSource = std::variant<InheritFd, NullFd, FileFd, LentFd, OwnedFd, PipeFd, SameFd>;

/// What happens to our descriptors from 3 up that the plan does not mention.
enum class RemainingFds {
  closed,
  kept,  ///< Those without close-on-exec.
};

/// How the child stands to our terminal and to the signals it sends.
enum class ChildSession {
  keep,         ///< In our session and process group: Ctrl-C reaches it as it reaches us.
  new_group,    ///< A process group of its own: `stop` reaches all of it. In the background of our terminal.
  new_session,  ///< Also a session of its own, and no terminal.
};

/// One limit of setrlimit(2).
struct ResourceLimit {
  int resource;  ///< RLIMIT_NOFILE, …
  rlim_t soft;
  rlim_t hard;
};

/// Whether set-user-ID programs and file capabilities may give the new program and its children more rights.
enum class NewPrivileges { allowed, never };

/// What becomes of a child whose parent ends: by return from main, by a crash, by SIGKILL, or by execve, which
/// ends what this program was. The end of the thread that called `spawn` is no end of the parent.
enum class TieToParent {
  none,
  /// The kernel kills the child (PR_SET_PDEATHSIG), but not what the child has started. A program with set-user-ID or
  /// file capabilities loses the tie.
  process,
  /// A guardian process between parent and child kills everything below it, whatever session or group it has moved
  /// to and whoever started it; `Child::stop` and destroying the `Child` have that reach, too. What the child
  /// leaves running when it ends is guarded on, until the `Child` is destroyed. The guardian is a fork that does
  /// not exec: it costs a copy of our page tables, and keeps the memory it was born with while we write to ours. When
  /// the guardian itself is killed by SIGKILL, the child dies, but what it has started does not.
  tree,
};

/// Everything about a process to be. Only `argv` is needed; what is left out is inherited. A value: keep it, change
/// it, start it as often as needed. Every signal starts at its default, and none is blocked, whatever they are here.
struct SpawnPlan {
  std::vector<std::string> argv = {};  ///< argv[0] included.
  /// The file to run, if it is not to be found by argv[0]. Without a slash it is looked up along the PATH that the
  /// program will see; with one it is seen from `directory`.
  std::string program = {};
  EnvironmentPlan environment = {};
  std::filesystem::path directory = {};  ///< Empty: ours. Entered with the new user's rights.
  std::map<int, FdSource> fds = {};      ///< By their number in the new program.
  RemainingFds remaining_fds = RemainingFds::closed;
  ChildSession session = ChildSession::keep;
  std::optional<UserAndGroup> identity = {};  ///< With the user's supplementary groups. HOME and USER stay as they are.
  std::optional<int> nice = {};               ///< -20 to 19.
  std::vector<ResourceLimit> limits = {};
  std::optional<mode_t> umask = {};
  NewPrivileges new_privileges = NewPrivileges::allowed;
  /// Ignored from the start, as nohup(1) does with HUP.
  std::vector<Signal> ignored_signals = {};
  /// The directory of a cgroup v2 group that the process is born in, and that is taken to be its own: `Child::stop`
  /// kills all who are in it. It is neither made nor removed.
  std::filesystem::path cgroup = {};
  TieToParent tie_to_parent = TieToParent::none;
};

/// A plan to run this program with these arguments, and no shell in between: no word is split, no star expanded.
[[nodiscard]] SpawnPlan command(std::vector<std::string> argv);

/// A plan to have /bin/sh carry out this line. Put nothing into it that comes from outside; pass that as `argv[3]`
/// and further ("$0", "$1"), or use `command`.
[[nodiscard]] SpawnPlan shell(std::string line);

/// Starts the program. When it returns a value, execve has succeeded: the new program runs, or has ended already.
/// No memory is copied, so that it costs the same in a large program as in a small one (but see `TieToParent::tree`).
///
/// @errors  What the plan names, with its step: "find program nginx: No such file or directory", "open /var/log/x:
///          Permission denied", "chdir /srv/web", "exec /srv/run (its interpreter)", "setuid 33: Operation not
///          permitted", "limit nofile"; code 0 "user www-dat: no such user"; "clone": `EAGAIN` no process to be
///          had, `EMFILE`, `ENOMEM`; `EINVAL` an impossible plan. On error nothing is left behind, no process either.
/// @blocks  Until exec or the failure of a step; the calling thread sleeps, others go on. On opening a FIFO.
/// @threads Any; but environment and current directory must not be changed meanwhile.
/// @example examples/spawn.cpp
[[nodiscard]] Result<Child> spawn(const SpawnPlan& plan);

/// A process that is nobody's child to wait for. The descriptor is a pidfd: readable when the process has ended,
/// and pidfd_send_signal(2) through it reaches this process and no other.
struct DetachedProcess {
  Pid pid;
  UniqueFd pidfd;
};

/// Starts the program as an orphan: the double fork without a fork. The process in between lives for an instant, and is
/// waited for. Whoever adopts orphans here (init, or a subreaper, which this process itself may be) is the parent, and
/// reaps it.
///
/// The terminal, the session and our standard streams stay unless the plan says otherwise: a daemon is one with
/// `ChildSession::new_session` and streams of its own. The leader of that session is the process in between: the
/// program itself is none, and can never get a controlling terminal.
///
/// @errors As `spawn`; `EINVAL` also a pipe, whose other end nobody would hold, and a tie to a parent.
/// @blocks As `spawn`.
/// @example examples/detach.cpp
[[nodiscard]] Result<DetachedProcess> spawn_detached(const SpawnPlan& plan);

}  // namespace foster
