// How a process ended. Made only from a wait status; "128 + n" exists only where we ourselves exit.
#pragma once

#include <sys/wait.h>

#include <cassert>
#include <string>
#include <variant>

#include <foster/signal.hpp>

namespace foster {

/// The process called exit, or returned from main.
struct Exited {
  int code;  ///< 0 to 255.
  friend bool operator==(const Exited&, const Exited&) = default;
};

/// A signal ended the process.
struct Killed {
  Signal signal;
  bool core_dumped = false;
  friend bool operator==(const Killed&, const Killed&) = default;
};

/// The process ended where nobody could learn how: its parent was gone, and the kernel keeps no record.
struct ExitUnknown {
  friend bool operator==(const ExitUnknown&, const ExitUnknown&) = default;
};

using ExitStatus = std::variant<Exited, Killed, ExitUnknown>;

/// From the status of wait(2). A status of a stopped or continued process is no end and asserts.
[[nodiscard]] inline ExitStatus exit_status_from_wait(int wait_status) {
  if (WIFEXITED(wait_status)) return Exited{WEXITSTATUS(wait_status)};
  assert(WIFSIGNALED(wait_status));
  const auto signal = Signal::from_number(WTERMSIG(wait_status));
  assert(signal.has_value());
  return Killed{*signal, WCOREDUMP(wait_status) != 0};
}

/// Exit code 0 and nothing else.
[[nodiscard]] inline bool is_success(const ExitStatus& status) {
  const auto* exited = std::get_if<Exited>(&status);
  return exited != nullptr && exited->code == 0;
}

/// The code a process of ours exits with to pass this on: the code, 128 + n for a signal (as POSIX
/// shells do), 255 for an unknown end.
[[nodiscard]] inline int as_exit_code(const ExitStatus& status) {
  if (const auto* exited = std::get_if<Exited>(&status)) return exited->code;
  if (const auto* killed = std::get_if<Killed>(&status)) return 128 + killed->signal.number();
  return 255;
}

/// "exited with code 3", "killed by SIGSEGV (core dumped)", "ended, status unknown".
[[nodiscard]] inline std::string to_string(const ExitStatus& status) {
  if (const auto* exited = std::get_if<Exited>(&status)) return "exited with code " + std::to_string(exited->code);
  if (const auto* killed = std::get_if<Killed>(&status)) {
    return "killed by SIG" + killed->signal.name() + (killed->core_dumped ? " (core dumped)" : "");
  }
  return "ended, status unknown";
}

}  // namespace foster
