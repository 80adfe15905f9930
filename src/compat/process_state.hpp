// The states of a process as Supervisor counts them.
#pragma once

#include <cstdint>
#include <string_view>

namespace foster::compat {

enum class ProcessState : std::int16_t {
  stopped = 0,
  starting = 10,
  running = 20,
  backoff = 30,
  stopping = 40,
  exited = 100,
  fatal = 200,
  unknown = 1000,
};

/// "RUNNING"
[[nodiscard]] std::string_view name_of(ProcessState state);
/// Runs, or is meant to soon.
[[nodiscard]] bool is_running(ProcessState state);
/// Has a process that a signal could reach.
[[nodiscard]] bool is_signallable(ProcessState state);

}  // namespace foster::compat
