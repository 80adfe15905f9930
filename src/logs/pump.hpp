// From an instance's FIFO to its log file: every byte once, a bounded amount at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <foster/result.hpp>
#include "logs/log_file.hpp"
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

  Pump(sys::FifoReader fifo, LogFile file) noexcept : fifo_(std::move(fifo)), file_(std::move(file)) {}

  /// Moves what is in the FIFO, at most `budget` bytes.
  ///
  /// @errors `ENOSPC`, `EROFS`, `EIO`, `EACCES`… from the file or its directory; the detail names the file. What was
  ///         not written stays in the FIFO, and its service blocks when that is full. Stop polling and call again in
  ///         a while; nothing else need be done.
  /// @blocks On the file system.
  [[nodiscard]] Result<Pumped> pump(std::size_t budget = kBudget);

  /// Why the last call failed; empty when it did not. For telling people once, not at each attempt.
  [[nodiscard]] const std::optional<Error>& stuck() const noexcept { return stuck_; }

  /// Readable for poll when there is something to move.
  [[nodiscard]] BorrowedFd fd() const noexcept { return fifo_.fd(); }
  [[nodiscard]] LogFile& file() noexcept { return file_; }

 private:
  [[nodiscard]] Result<Pumped> move(std::size_t budget);

  sys::FifoReader fifo_;
  LogFile file_;
  std::optional<Error> stuck_;
};

}  // namespace foster::logs
