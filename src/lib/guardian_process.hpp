// What a guardian does, from its fork to its end. It may be a copy of a program with threads, whose locks are held for
// ever: nothing here uses the heap.
#pragma once

#include <sys/types.h>

#include <optional>

#include <foster/fd.hpp>
#include "sys/channel.hpp"
#include "sys/clone.hpp"
#include "sys/signals.hpp"
#include "sys/wait.hpp"

namespace foster {

/// What a guardian is given, all of it opened before the fork.
struct GuardianDuty {
  sys::Channel& parent;     ///< Its end means: kill.
  BorrowedFd parent_pidfd;  ///< And so does this.
  sys::SignalFd& ended_children;
  std::optional<BorrowedFd> cgroup_kill;  ///< An open cgroup.kill.
};

/// What a guardian says, once or twice.
struct GuardianMessage {
  enum class Kind : std::uint8_t { started, ended };
  Kind kind;
  bool is_last = false;    ///< Nothing is left to guard: it has gone.
  sys::Started started;    ///< Its descriptor comes with the message.
  sys::ExitReport report;  ///< Of the child.
};

/// How a guardian exits.
enum class GuardianExit : int { done = 0, something_left = 1 };

/// Starts the child, watches over it, and ends when nothing is left.
[[noreturn]] void run_guardian(const GuardianDuty& duty, const sys::StartChild& start) noexcept;

}  // namespace foster
