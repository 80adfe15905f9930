// ProcessHandle: a pid with its pidfd and its start time, the only way to signal a process.
// Looking for how to make one? sys/clone.hpp. For exits? sys/wait.hpp
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>

namespace foster::sys {

/// What tells one process from every other of this boot, in a form that can lie in shared memory. A zero is "not
/// known": of an inode before Linux 6.9, of a start time that nobody asked for.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  ///< Clock ticks since boot, field 22 of /proc/PID/stat.
  std::uint64_t inode = 0;       ///< Of its pidfd in pidfs: never given twice in one boot.
  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};
static_assert(std::is_trivially_copyable_v<ProcessIdentity>);

/// One process, held by a pidfd: a signal through it cannot reach a stranger, however often the pid is reused.
/// Deregister `fd()` from epoll before the handle goes: a child between clone and exec may share the
/// descriptor for a moment, and keeps a registration alive.
///
/// @threads One at a time: the start time is read when first asked for.
class ProcessHandle {
 public:
  /// @errors `ESRCH` no such process; `EMFILE`, `ENFILE`.
  [[nodiscard]] static Result<ProcessHandle> open(Pid pid);

  /// The process that was written down, and no other: what is known of start time and inode must match.
  /// @errors `ESRCH` it has ended, whoever has its pid now; `EINVAL` the identity has neither of the two.
  [[nodiscard]] static Result<ProcessHandle> open(const ProcessIdentity& identity);

  /// From a clone that gave pid and pidfd together. Costs one fstat where pidfs exists, otherwise nothing.
  [[nodiscard]] static Result<ProcessHandle> adopt(Pid pid, UniqueFd pidfd);

  [[nodiscard]] Pid pid() const noexcept { return pid_; }
  [[nodiscard]] BorrowedFd fd() const noexcept { return pidfd_; }

  /// Readable for poll means ended; so does this. A zombie is not alive.
  [[nodiscard]] bool is_alive() const noexcept;

  /// @errors `ESRCH` it has ended and was reaped; `EPERM`. A zombie takes every signal without an error.
  [[nodiscard]] Result<> signal(Signal signal) const;

  /// The same to the whole process group it leads; to it alone where it leads none. Only who is alive is believed to
  /// lead: a group outlives its leader, and then this reaches nobody.
  /// @errors `ESRCH` it has ended; `EPERM` nobody of them may be signalled.
  [[nodiscard]] Result<> signal_group(Signal signal) const;

  /// A copy of one of its descriptors, close-on-exec. It takes the right to trace the process.
  /// @errors `EBADF` it has no such descriptor; `EPERM`, `ESRCH`.
  [[nodiscard]] Result<UniqueFd> copy_descriptor(int number) const;

  /// All that can be known. Reads /proc/PID/stat once, when first asked; after the process was reaped the start
  /// time stays 0 unless it was known before.
  [[nodiscard]] ProcessIdentity identity() const noexcept;

  /// Just enough for `open`: pid and inode where pidfs exists, otherwise pid and start time.
  [[nodiscard]] ProcessIdentity cheap_identity() const noexcept;

 private:
  ProcessHandle(Pid pid, UniqueFd pidfd, std::uint64_t inode) noexcept
      : pid_(pid), pidfd_(std::move(pidfd)), inode_(inode) {}

  Pid pid_;
  UniqueFd pidfd_;
  std::uint64_t inode_;
  mutable std::optional<std::uint64_t> start_time_;
};

}  // namespace foster::sys
