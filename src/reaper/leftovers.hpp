// The end of all children, asked first. For the last moments of a reaper and of an init. No heap.
#pragma once

#include <chrono>
#include <cstdint>

namespace foster::reaper {

/// Whom it concerns.
enum class Scope : std::uint8_t {
  children,       ///< Children of this process, and what becomes one while they end: of a subreaper, all descendants.
  pid_namespace,  ///< Everybody but this process, which must be pid 1; otherwise the same as `children`.
};

enum class Left : std::uint8_t { nothing, something };

/// How long to wait after SIGKILL: a process may be held up in the kernel.
inline constexpr std::chrono::seconds kKillPatience{5};

/// SIGTERM, `patience`, then SIGKILL until nobody is left, reaping all the time. SIGCHLD must be blocked. Children are
/// found in /proc; where it is not mounted, or is another pid namespace's, they are only waited for.
/// @return Whether somebody survived, within `kKillPatience`.
/// @blocks As long as there are children, at most for both patiences.
Left end_leftovers(Scope scope, std::chrono::milliseconds patience) noexcept;

/// SIGKILL at once.
Left kill_leftovers(Scope scope) noexcept;

}  // namespace foster::reaper
