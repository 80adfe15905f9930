// Which signals the reaper and `foster init` pass on instead of acting upon them.
#pragma once

#include <sys/types.h>

#include "sys/signals.hpp"

namespace foster::reaper {

/// Everything that can be blocked, less what means this process itself: faults (blocking them only makes them
/// worse) and the two by which a terminal stops a background process. SIGCHLD is among them, and never passed on.
[[nodiscard]] inline sys::SignalSet watched_signals() noexcept {
  sys::SignalSet set = sys::SignalSet::all();
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT, SIGTTIN, SIGTTOU}) {
    set.remove(*Signal::from_number(number));
  }
  return set;
}

/// The default disposition: with SIG_IGN, which exec hands down, the kernel would reap in our place.
inline void restore_child_signal(int flags) noexcept {
  struct sigaction by_default{};
  by_default.sa_handler = SIG_DFL;
  by_default.sa_flags = flags;
  (void)::sigaction(SIGCHLD, &by_default, nullptr);  // fails only for a signal that cannot be handled
}

}  // namespace foster::reaper
