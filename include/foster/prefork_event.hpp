// What a pool of preforked workers tells whoever keeps its log: each start, each end with its cause and what follows.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

#include <foster/exit_status.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>

namespace foster {

/// Why a worker ended, or is being ended.
enum class EndCause : std::uint8_t {
  itself,       ///< Nobody of the pool asked it to.
  asked,        ///< The pool stops or shrinks, or a replacement has taken the worker's place.
  hung,         ///< It gave no sign of life for as long as `PreforkOptions::heartbeat`.
  never_ready,  ///< It was not ready within `PreforkOptions::ready_within`.
};

/// What follows the end of a worker.
enum class AfterEnd : std::uint8_t {
  restart,   ///< A new one takes over its task, after `WorkerEnded::delay`.
  finished,  ///< Its task is done.
  nothing,   ///< It was asked to end, or its place is taken.
  give_up,   ///< It was one failure too many: the pool ends.
};

/// A worker was forked.
struct WorkerStarted {
  unsigned task;
  Pid pid;
};

/// It has said that it is ready. Told only where workers are waited for (`PreforkOptions::ready_within`).
struct WorkerReady {
  unsigned task;
  Pid pid;
};

/// It was sent a signal that is to end it.
struct WorkerSignalled {
  unsigned task;
  Pid pid;
  Signal signal;
  EndCause cause;
};

/// It has ended and was reaped.
struct WorkerEnded {
  unsigned task;
  Pid pid;
  ExitStatus status;
  EndCause cause;
  AfterEnd next;
  std::chrono::milliseconds delay;  ///< To the restart, if there is one.
};

/// A worker could not be made: no process, no descriptor, no socket to be had, or a thread stands in the way of a
/// fork. It is tried again after `delay`, for as long as it takes.
struct WorkerNotStarted {
  unsigned task;
  Error error;
  std::chrono::milliseconds delay;
};

/// A rolling restart begins. Told before the first new worker is forked: what the callback changes now, such as a
/// configuration it reads again, is what the new workers see.
struct RestartBegun {};

/// Every worker is a new one; the last of the old ones may still be finishing its work.
struct RestartDone {};

/// The replacement of this task failed before it was ready. The workers that were not replaced yet go on.
struct RestartAbandoned {
  unsigned task;
};

/// The number of workers was changed.
struct PoolScaled {
  unsigned from;
  unsigned to;
};

using PreforkEvent = std::variant<WorkerStarted, WorkerReady, WorkerSignalled, WorkerEnded, WorkerNotStarted,
                                  RestartBegun, RestartDone, RestartAbandoned, PoolScaled>;

/// One line for a log: "worker 2 (pid 4711) killed by SIGSEGV (core dumped), restarting in 200 ms".
[[nodiscard]] std::string to_string(const PreforkEvent& event);

}  // namespace foster
