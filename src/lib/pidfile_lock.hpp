// The two locks of a pidfile. One excludes: an open file description lock on everything but the last byte, which forked
// children share. One signs: a record lock on the last byte, gone with its owner, of which the kernel tells anybody the
// pid. Looking for how to take one? foster/pidfile.hpp
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster {

/// A lock that nobody has signed belongs to a holder that is just beginning, or to what is left of one that has ended
/// and will be gone in a moment: a reason to wait this long.
inline constexpr std::chrono::milliseconds kSettle(1000);
inline constexpr std::chrono::milliseconds kSettlePause(5);

enum class LockAttempt { locked, held_by_another };

/// Takes the lock that excludes, without waiting.
[[nodiscard]] Result<LockAttempt> try_lock(BorrowedFd file, const std::string& path);

/// Takes the lock that signs; for whoever has the other one.
[[nodiscard]] Result<> sign(BorrowedFd file, const std::string& path);

/// Who holds a pidfile.
struct PidfileHold {
  bool is_held = false;
  /// Proved, by the kernel's word or by the file being open in the process that the number names. Empty when the holder
  /// is only just beginning or ending, or when only its forked children are left.
  std::optional<Pid> owner = {};
};
[[nodiscard]] Result<PidfileHold> look_at_hold(BorrowedFd file, const std::string& path);

/// Whether the path still names this file: its last holder removes it before letting go.
[[nodiscard]] bool is_still_at(const std::string& path, BorrowedFd file) noexcept;

/// Removes a file that nobody holds. Waits for a lock without an owner, as `kSettle` says; whatever stands in the way,
/// the file stays and is harmless.
void remove_stale_pidfile(const std::string& path);

}  // namespace foster
