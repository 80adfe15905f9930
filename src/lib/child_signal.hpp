// SIGCHLD as something to poll for, and everything put back afterwards.
#pragma once

#include <pthread.h>

#include <csignal>

#include <foster/result.hpp>
#include "sys/signals.hpp"

namespace foster {

/// Blocks SIGCHLD for this thread and has it queued, whatever its disposition was.
class ChildSignal {
 public:
  /// @errors Of signalfd(2).
  [[nodiscard]] static Result<ChildSignal> open();
  ChildSignal(ChildSignal&& other) noexcept;
  ChildSignal& operator=(ChildSignal&& other) = delete;
  /// Puts the disposition back, and the mask when this is still the thread that opened it.
  ~ChildSignal();

  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_.fd(); }
  /// Forgets the signals that have come: what they stand for is looked for elsewhere.
  void drain() noexcept;

 private:
  explicit ChildSignal(sys::SignalFd fd) noexcept;

  sys::SignalFd fd_;
  pthread_t thread_;
  bool was_blocked_;
  struct sigaction found_{};
  bool is_changed_ = false;
  bool is_active_ = true;
};

}  // namespace foster
