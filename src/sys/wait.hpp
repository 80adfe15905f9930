// Ends of children in two steps: peek, while the zombie keeps the pid valid, then release it. No heap.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <type_traits>

#include <foster/fd.hpp>
#include <foster/ids.hpp>

namespace foster::sys {

/// What the kernel tells the parent, once.
struct ExitReport {
  pid_t pid;
  int wait_status;  ///< For `exit_status_from_wait`.
  struct rusage usage;
};
static_assert(std::is_trivially_copyable_v<ExitReport>);

/// A child that has ended and is not released yet; empty when there is none. The same one is found again until
/// `release_exit`. Finds children of every kind, also those that a CLONE_PARENT made ours.
/// @signal_safe
[[nodiscard]] std::optional<Pid> peek_exit() noexcept;

/// Reaps this child: from here on its pid may belong to anybody. Empty when it is not a child of ours or has not
/// ended.
/// @signal_safe
[[nodiscard]] std::optional<ExitReport> release_exit(Pid pid) noexcept;

/// The same, but waits for the end. Empty when it is not a child of ours.
/// @blocks Until the child has ended.
[[nodiscard]] std::optional<ExitReport> await_exit(Pid pid) noexcept;

/// How a child stands, asked by its pidfd: unlike a pid it cannot have become another child's meanwhile.
struct ChildExit {
  enum class State : std::uint8_t {
    running,
    ended,  ///< Just now reaped.
    gone,   ///< Somebody else has reaped it, or the kernel at once (SIGCHLD ignored); or it never was our child.
  };
  State state;
  ExitReport report;  ///< Where it has ended.
};

/// Reaps the child if it has ended.
/// @signal_safe
[[nodiscard]] ChildExit release_exit(BorrowedFd pidfd) noexcept;

/// The same, but waits for the end; the state is never `running`.
/// @blocks Until the child has ended.
/// @signal_safe
[[nodiscard]] ChildExit await_exit(BorrowedFd pidfd) noexcept;

}  // namespace foster::sys
