// All that a pool waits for, behind one descriptor: ends of workers, their calls, a time, and signals to the master.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include <foster/fd.hpp>
#include <foster/prefork.hpp>
#include <foster/result.hpp>
#include "lib/restart_count.hpp"
#include "sys/signals.hpp"

namespace foster {

class PoolWatch {
 public:
  [[nodiscard]] static Result<PoolWatch> make(MasterSignals signals);

  /// Readable when `take` has something.
  [[nodiscard]] BorrowedFd fd() const noexcept { return epoll_; }
  /// An eventfd by which a worker says that it has written something.
  [[nodiscard]] BorrowedFd wake() const noexcept { return wake_; }

  /// What has happened, as far as one look shows; more keeps `fd` readable.
  struct News {
    std::vector<Signal> signals;
    std::vector<std::uint64_t> ended;
  };
  [[nodiscard]] News take();

  /// @errors `ENOMEM`, `ENOSPC` the kernel's limit on watches.
  [[nodiscard]] Result<> add(BorrowedFd pidfd, std::uint64_t run);
  /// Before the descriptor is closed: a worker that was just forked has it open for a moment, and would keep the
  /// registration alive.
  void remove(BorrowedFd pidfd);

  /// Becomes readable at this time; never when empty.
  void set_time(std::optional<PoolTime> time);

  /// Forgets the signals nobody has acted upon.
  void drop_signals();

  /// In a worker.
  void close();

 private:
  PoolWatch() = default;

  UniqueFd epoll_;
  UniqueFd wake_;
  UniqueFd timer_;
  std::optional<sys::SignalFd> signals_;
  std::optional<PoolTime> time_;
};

/// The signals a master acts upon.
[[nodiscard]] sys::SignalSet master_signals();

}  // namespace foster
