// Every process of the machine as a value: who is whose child, session, group, terminal; and what each is in the
// words of the shell and of the daemon's craft, with the reason.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster {

/// What a process does at the moment, as the kernel's letter in /proc/PID/stat says.
enum class ProcessState : std::uint8_t {
  running,   ///< R: on a processor, or waiting for one.
  sleeping,  ///< S
  disk,      ///< D: waits in the kernel and hears no signal.
  stopped,   ///< T: by a signal, as Ctrl-Z.
  traced,    ///< t: held by a debugger.
  zombie,    ///< Z: has ended; its parent has not waited for it.
  dead,      ///< X: just being removed.
  idle,      ///< I: a kernel thread with nothing to do.
  unknown,
};

/// The enumerator's own word.
[[nodiscard]] std::string_view to_string(ProcessState state) noexcept;

/// The device of a controlling terminal.
struct Terminal {
  unsigned major = 0;
  unsigned minor = 0;

  /// "pts/3", "tty1", "ttyS0"; "204:70" where the numbers have no usual name.
  [[nodiscard]] std::string name() const;

  friend bool operator==(const Terminal&, const Terminal&) = default;
};

/// One process, as it was when it was looked at.
struct Process {
  Pid pid{1};
  std::optional<Pid> parent = {};             ///< Empty: none, or one outside of our pid namespace.
  std::optional<Pgid> group = {};             ///< Empty: one from outside, or the kernel's own.
  std::optional<Sid> session = {};            ///< Empty as for `group`.
  std::optional<Terminal> terminal = {};      ///< The controlling terminal of its session.
  std::optional<Pgid> foreground_group = {};  ///< Of that terminal: who gets Ctrl-C and may read.
  ProcessState state = ProcessState::unknown;
  bool is_kernel_thread = false;
  std::int64_t threads = 1;
  std::uint64_t start_ticks = 0;          ///< Clock ticks since boot; with the pid it names a process of this boot.
  std::chrono::nanoseconds started = {};  ///< The same as time since boot.
  std::chrono::nanoseconds cpu_time = {};
  std::uint64_t resident_bytes = 0;
  std::string name = {};  ///< The kernel's name for it, at most 15 bytes of a program; any byte but 0.

  // What is only read when asked for (`TableDetail`).
  std::vector<std::string> arguments = {};       ///< Empty for a zombie, a kernel thread, or one that erased them.
  std::optional<uid_t> user = {};                ///< Effective. Empty: not asked for, or gone meanwhile.
  std::optional<unsigned> namespace_depth = {};  ///< Of pid namespaces: 1 for ours, more within a container's.
  std::optional<std::string> cgroup = {};  ///< Path in the v2 tree; of init's children always. Empty: no such tree.

  [[nodiscard]] bool is_session_leader() const noexcept { return session && session->number() == pid.number(); }
  [[nodiscard]] bool is_group_leader() const noexcept { return group && group->number() == pid.number(); }
  [[nodiscard]] bool is_in_foreground() const noexcept { return foreground_group && foreground_group == group; }
  /// Ended and not waited for. One whose first thread has ended while others go on is also shown as a zombie by the
  /// kernel, and is none.
  [[nodiscard]] bool is_zombie() const noexcept { return state == ProcessState::zombie && threads <= 1; }
};

/// The arguments as one line, or "[name]" where there are none, as ps(1) shows it. Control characters are left in.
[[nodiscard]] std::string command_line(const Process& process);

/// Which of the dearer facts a table has: each costs one more file a process.
struct TableDetail {
  bool arguments = true;
  bool user = true;
  bool cgroup = false;
  bool namespaces = false;
};

/// All processes of one moment, or nearly: see `read_process_table`.
class ProcessTable {
 public:
  /// From values, for tests of what is decided on them. Of two with one pid the later started one stays.
  explicit ProcessTable(std::vector<Process> processes);

  /// By rising pid.
  [[nodiscard]] std::span<const Process> processes() const noexcept { return processes_; }

  /// Null when there is none.
  [[nodiscard]] const Process* find(Pid pid) const noexcept;
  /// Null when it has none, or one that cannot be seen from here.
  [[nodiscard]] const Process* parent_of(const Process& process) const noexcept;
  /// Null when it has ended: a session outlives its leader.
  [[nodiscard]] const Process* session_leader_of(const Process& process) const noexcept;
  /// By rising pid. Valid as long as the table.
  [[nodiscard]] std::vector<const Process*> children_of(Pid pid) const;
  /// Members of a process group, by rising pid.
  [[nodiscard]] std::vector<const Process*> group(Pgid group) const;

 private:
  [[nodiscard]] std::span<const std::uint32_t> child_range(Pid pid) const noexcept;

  std::vector<Process> processes_;
  std::vector<std::uint32_t> by_parent_;  ///< Indices, sorted by the parent's pid.
};

/// Reads /proc.
///
/// The kernel offers no picture of all processes at one instant, so the table is made consistent afterwards: who
/// vanishes while being read is left out, and a process whose parent is not in the table, or is younger than it, is
/// read again until its parent is there. Every parent in the table is older than its children.
///
/// Works for every user. Where /proc hides other users' processes (mount option hidepid), they are missing.
///
/// @errors  `ENOENT` /proc is not mounted; `EMFILE`.
/// @blocks  On nothing; some 10 to 20 µs of processor time a process.
/// @threads Where there are thousands of processes, several threads read, without signals, and are joined before this
///          returns.
/// @example examples/process_table.cpp
[[nodiscard]] Result<ProcessTable> read_process_table(const TableDetail& detail = {});

/// Reads one process, and none of the others.
///
/// Empty when there is none of this number, or none that we may see. That it is still the same process as at an earlier
/// look is told by `start_ticks`.
[[nodiscard]] std::optional<Process> read_process(Pid pid, const TableDetail& detail = {});

/// What a process is to the shell, to init and to whoever has to look after it.
enum class ProcessKind : std::uint8_t {
  init,        ///< Process 1 of this pid namespace: adopts orphans.
  kernel,      ///< A thread of the kernel.
  zombie,      ///< Has ended; the parent owes the wait.
  orphan,      ///< Its parent has ended, somebody else has adopted it, and it did not make itself a daemon.
  foreground,  ///< In the foreground group of its terminal: gets Ctrl-C, may read.
  background,  ///< A job behind the foreground, or below a living parent without any terminal.
  daemon,      ///< In a session of its own kind, without a terminal.
};

/// The enumerator's own word.
[[nodiscard]] std::string_view to_string(ProcessKind kind) noexcept;

/// How sure a conclusion is.
enum class Certainty : std::uint8_t {
  certain,  ///< Follows from how the kernel hands down sessions and groups.
  likely,   ///< Could have come about otherwise, but rarely does.
};

/// That a process has another parent than the one that made it.
struct Adoption {
  Pid by{1};
  Certainty certainty = Certainty::certain;
  std::string because = {};  ///< What it follows from, in words.
};

/// Whether the parent of this process has adopted it: init, or a subreaper (prctl(PR_SET_CHILD_SUBREAPER)).
///
/// The kernel keeps no record of it, so it is concluded from sessions: a session is inherited, and only its maker
/// leads it; who is in a session that its parent never belonged to was born to somebody else. Of a process that was
/// adopted within one session nothing can be seen, and the answer is empty.
[[nodiscard]] std::optional<Adoption> adoption_of(const Process& process, const ProcessTable& table);

/// What a process is, and why one can say so.
struct Classification {
  ProcessKind kind = ProcessKind::background;
  std::string reason = {};  ///< A sentence without its full stop, for people.
  std::optional<Adoption> adoption = {};
};

/// Classifies one process by what the table says, and nothing else. Where several kinds fit, the first of `init`,
/// `kernel`, `zombie`, `orphan`, `foreground`, `background`, `daemon` wins.
/// @example examples/process_table.cpp
[[nodiscard]] Classification classify(const Process& process, const ProcessTable& table);

}  // namespace foster
