// A preforked worker's own side: who it is, and what it can tell the pool and be asked by it.
// Looking for how to start a pool? foster/prefork.hpp
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster {

/// Fresh random bits from the kernel, for `std::seed_seq`: no two workers get the same.
using WorkerSeed = std::array<std::uint32_t, 8>;

/// The worker in which it is used. Made by the pool and handed to the worker's function.
///
/// @threads Any, where nothing else is said.
class Worker {
 public:
  /// 0 to N - 1. A worker that replaces another has the same; in a rolling restart two have it for a while.
  [[nodiscard]] unsigned task_id() const noexcept { return task_; }

  /// The process that keeps the pool.
  [[nodiscard]] Pid master() const noexcept { return master_; }

  /// The socket for the address at this place of `PreforkOptions::listen`. Non-blocking: other workers may be
  /// quicker.
  [[nodiscard]] BorrowedFd listener(std::size_t which = 0) const noexcept;

  /// "I can work now." Ends the wait of `PreforkOptions::ready_within`, and is no more than a sign of life where
  /// there is none. Only the first call counts.
  void ready() noexcept;

  /// A sign of life, for `PreforkOptions::heartbeat`. A store to memory: cheap enough for each turn of a loop.
  /// @signal_safe But a beat from a timer's handler says nothing about the loop.
  void beat() noexcept;

  /// How long the worker's loop may sleep before it has to beat again, in milliseconds for poll(2): a third of the
  /// heartbeat, or -1, for ever, when there is none.
  [[nodiscard]] int poll_timeout() const noexcept { return poll_timeout_; }

  /// Whether the worker was asked to finish. From the first call of this or of `stop_fd` on, the stop signal
  /// (`PreforkOptions::stop`) and SIGINT, which a terminal sends to the whole group, no longer end the process but are
  /// noted, and interrupt system calls. A worker that never asks is ended by the signal at once.
  [[nodiscard]] bool should_stop() noexcept;

  /// Readable as soon as `should_stop`, and ever after: for the worker's own loop. Never to be read from.
  [[nodiscard]] BorrowedFd stop_fd() noexcept;

  /// Ties this process to its master again. The kernel forgets the tie when a process changes its user or group:
  /// call it after that. Not needed with `PreforkOptions::identity`.
  /// @errors `ESRCH` the master is gone: exit.
  /// @threads The calling process must still have one thread only.
  [[nodiscard]] Result<> tie_to_master() noexcept;

 private:
  friend class WorkerBirth;
  explicit Worker(unsigned task, Pid master) noexcept : task_(task), master_(master) {}

  unsigned task_;
  Pid master_;
  std::vector<int> listeners_;
  struct WorkerWords* words_ = nullptr;
  int wake_fd_ = -1;
  int stop_fd_ = -1;
  int stop_signal_ = 0;
  int poll_timeout_ = -1;
};

/// The task id of the worker we are in; empty in every process that no pool has made.
[[nodiscard]] std::optional<unsigned> task_id() noexcept;

}  // namespace foster
