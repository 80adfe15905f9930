// What /proc tells of a process. The parsers are pure and take whatever bytes they are given; the readers use no heap
// unless they say so. Whoever needs certainty that a pid is still the same process holds a ProcessHandle.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>

namespace foster::sys {

/// The fields of /proc/PID/stat that foster uses. Times are clock ticks.
struct ProcessStat {
  pid_t pid = 0;
  char comm[64] = {};  ///< Zero-terminated; the kernel's own names are at most 63 bytes. Any byte but 0.
  char state = '?';    ///< R S D T t Z X I
  pid_t ppid = 0;      ///< 0: a parent outside the pid namespace, or none.
  pid_t pgrp = 0;      ///< 0 as for ppid.
  pid_t session = 0;   ///< 0 as for ppid.
  int tty_nr = 0;      ///< Device number of the controlling terminal; 0: none.
  pid_t tpgid = -1;    ///< Foreground group of that terminal; -1: none.
  unsigned flags = 0;  ///< PF_… of the kernel's sched.h.
  std::uint64_t utime = 0;
  std::uint64_t stime = 0;
  std::int64_t num_threads = 0;
  std::uint64_t starttime = 0;  ///< Since boot; with the pid it names a process of this boot.
  std::uint64_t vsize = 0;      ///< Bytes.
  std::int64_t rss = 0;         ///< Pages.
};

/// Empty for anything that is not such a line. A name may hold spaces, parentheses and newlines: the last ')' ends it.
[[nodiscard]] std::optional<ProcessStat> parse_stat(std::string_view text) noexcept;

/// Empty when there is no such process.
/// @signal_safe
[[nodiscard]] std::optional<ProcessStat> read_stat(Pid pid) noexcept;

/// The lines of /proc/PID/status that foster uses. A line that is missing leaves its default.
struct ProcessStatus {
  struct Ids {
    std::uint32_t real = 0, effective = 0, saved = 0, filesystem = 0;
    friend bool operator==(const Ids&, const Ids&) = default;
  };
  char state = '?';
  pid_t tgid = 0;
  pid_t ppid = 0;
  pid_t tracer = 0;
  std::optional<unsigned> umask;
  Ids uid;
  Ids gid;
  std::vector<pid_t> ns_pids;  ///< Outermost namespace first; one number when there is no inner one.
  std::uint64_t rss_bytes = 0;
  unsigned threads = 0;
  // Bit n - 1 is signal n.
  std::uint64_t pending = 0;
  std::uint64_t shared_pending = 0;
  std::uint64_t blocked = 0;
  std::uint64_t ignored = 0;
  std::uint64_t caught = 0;
  bool no_new_privileges = false;
  std::uint64_t effective_capabilities = 0;  ///< Bit n is capability n (linux/capability.h).
};

/// Empty when the text has no "Pid:" line.
[[nodiscard]] std::optional<ProcessStatus> parse_status(std::string_view text);
/// Uses heap. Empty when there is no such process.
[[nodiscard]] std::optional<ProcessStatus> read_status(Pid pid);

/// The path of the cgroup v2 line ("0::/path") of /proc/PID/cgroup; a view into `text`.
[[nodiscard]] std::optional<std::string_view> parse_cgroup(std::string_view text) noexcept;
/// Uses heap. Empty when there is no such process or no cgroup v2.
[[nodiscard]] std::optional<std::string> read_cgroup(Pid pid);

/// One variable of the environment a process was started with. Reads in small pieces, stops where it is found, and
/// gives up after `most` bytes: what others look for early in a large environment should be put early.
/// Uses heap for the value. Empty: not there, not readable for us, no such process, or one whose exec is not quite
/// done: clone(CLONE_VFORK) returns a moment before the new program's environment is in its place.
[[nodiscard]] std::optional<std::string> read_environment_variable(Pid pid, std::string_view variable,
                                                                   std::size_t most = 256 * 1024);

/// The words of /proc/PID/cmdline: each ends with a zero byte, the last one perhaps not.
[[nodiscard]] std::vector<std::string> parse_cmdline(std::string_view text);
/// The program's words, without their zero bytes; empty for a zombie or a kernel thread. At most `most` bytes.
[[nodiscard]] std::vector<std::string> read_cmdline(Pid pid, std::size_t most = 64 * 1024);

/// Resident bytes now, from /proc/PID/statm. Empty when there is no such process.
[[nodiscard]] std::optional<std::uint64_t> read_resident_bytes(Pid pid) noexcept;

/// The numeric names of a directory, one after the other, read into a buffer of its own.
///
/// @code for (PidDirectory all; auto pid = all.next();) …  @endcode
class PidDirectory {
 public:
  /// /proc. What cannot be opened is empty.
  PidDirectory() noexcept;
  explicit PidDirectory(const char* path) noexcept;

  /// Processes that come or go meanwhile may be seen or not.
  [[nodiscard]] std::optional<Pid> next() noexcept;

 private:
  UniqueFd fd_;
  std::size_t used_ = 0;
  std::size_t at_ = 0;
  alignas(8) std::array<char, 4096> buffer_;
};

/// Every process of this pid namespace that we may see. Uses heap.
[[nodiscard]] std::vector<Pid> list_pids();

/// The children of a process, of all its threads, zombies included. Uses heap. From /proc/PID/task/*/children where
/// the kernel has it (CONFIG_PROC_CHILDREN), otherwise `children_by_scan`. Children born or gone meanwhile may be
/// missing: who must find all of them asks until nothing new turns up.
[[nodiscard]] std::vector<Pid> children_of(Pid parent);
/// The same from the ppid of every process.
[[nodiscard]] std::vector<Pid> children_by_scan(Pid parent);

/// Clock ticks of /proc as time. A tick is 1/100 s almost everywhere (sysconf(_SC_CLK_TCK)).
[[nodiscard]] std::chrono::nanoseconds duration_of_ticks(std::uint64_t ticks) noexcept;
[[nodiscard]] long ticks_per_second() noexcept;
[[nodiscard]] std::uint64_t page_size() noexcept;

}  // namespace foster::sys
