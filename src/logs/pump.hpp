// From an instance's FIFO to its log file: every byte once, a bounded amount at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <foster/result.hpp>
#include "logs/log_file.hpp"
#include "logs/sieve.hpp"
#include "sys/fifo.hpp"

namespace foster::logs {

/// What one call moved.
struct Pumped {
  std::uint64_t bytes = 0;
  bool more = false;  ///< The budget ended before the FIFO did: call again, after others had their turn.
};

/// No state worth keeping: a new one on the same FIFO and file goes on where a killed one was.
class Pump {
 public:
  static constexpr std::size_t kBudget = 1 << 20;

  /// Without a place for its losses they are counted in memory.
  Pump(sys::FifoReader fifo, LogFile file, Losses losses = {}) noexcept
      : fifo_(std::move(fifo)), file_(std::move(file)), losses_(std::move(losses)) {}

  /// From now on the bytes go through this; without it they go as they are.
  void sift(std::unique_ptr<Sieve> sieve) noexcept { sieve_ = std::move(sieve); }

  /// Moves what is in the FIFO, at most `budget` bytes.
  ///
  /// @errors `ENOSPC`, `EROFS`, `EIO`, `EACCES`… from the file or its directory; the detail names the file. What was
  ///         not written stays in the FIFO, and its service blocks when that is full. Stop polling and call again in
  ///         a while; nothing else need be done.
  /// @blocks On the file system.
  [[nodiscard]] Result<Pumped> pump(std::size_t budget = kBudget);

  /// As `pump`; but where it fails and more than half of the FIFO is taken, room is made so that the service need not
  /// wait: where a file system is full, by removing the oldest rotated files, one after the other; and if that does not
  /// help, by throwing away the oldest bytes in the FIFO, as few as will do, up to the end of a line. `losses` counts
  /// them, and a line in the log says so where it goes on.
  [[nodiscard]] Result<Pumped> pump_or_drop(std::size_t budget = kBudget);

  /// The run has ended: what a sieve holds back goes to the log. After `pump`.
  [[nodiscard]] Result<> finish_run();

  /// Why the last call failed; empty when it did not. For telling people once, not at each attempt.
  [[nodiscard]] const std::optional<Error>& stuck() const noexcept { return stuck_; }

  /// Readable for poll when there is something to move.
  [[nodiscard]] BorrowedFd fd() const noexcept { return fifo_.fd(); }
  [[nodiscard]] LogFile& file() noexcept { return file_; }
  [[nodiscard]] const sys::FifoReader& fifo() const noexcept { return fifo_; }
  /// What is still in the old FIFO is given up.
  void go_on_with(sys::FifoReader fifo) noexcept { fifo_ = std::move(fifo); }
  [[nodiscard]] const Losses& losses() const noexcept { return losses_; }
  /// Something left the FIFO and waits for the log.
  [[nodiscard]] bool has_more() const noexcept { return sieve_ && sieve_->has_more(); }
  /// How many bytes wait in the FIFO.
  [[nodiscard]] std::size_t waiting() const noexcept { return fifo_.available(); }

 private:
  [[nodiscard]] Result<Pumped> move(std::size_t budget);
  [[nodiscard]] Result<> tell_losses();
  void drop_excess(int code);
  [[nodiscard]] bool drop(std::size_t bytes, int code);

  sys::FifoReader fifo_;
  LogFile file_;
  Losses losses_;
  std::unique_ptr<Sieve> sieve_;
  std::optional<Error> stuck_;
};

}  // namespace foster::logs
