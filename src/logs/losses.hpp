// What of an instance's output was given up because it could not be stored: a few numbers in a small file, so that they
// outlive whoever counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <foster/fd.hpp>

namespace foster::logs {

/// Counted before it is done: whoever is killed in between has counted a portion too many, never one too few. Where the
/// file cannot be written either, the numbers are kept in memory alone.
class Losses {
 public:
  Losses() = default;
  /// Goes on with what the file says, if there is one. It is made at the first loss. The directory's descriptor must
  /// outlive this.
  Losses(BorrowedFd directory, std::string file_name);

  /// Output that is thrown away before it was written; `code` is why.
  void add_output(std::uint64_t bytes, int code);
  /// Older files that are removed.
  void add_files(std::uint64_t bytes);

  /// All bytes given up so far.
  [[nodiscard]] std::uint64_t total() const noexcept { return numbers_.total; }
  /// Output that is missing where the log goes on, and that the log does not mention yet.
  [[nodiscard]] std::uint64_t untold() const noexcept { return numbers_.untold; }
  /// What to write there: "foster: 17 bytes were dropped here: No space left on device\n".
  [[nodiscard]] std::string line() const;
  /// The line has been written.
  void told();

 private:
  void store() const;

  struct Numbers {
    std::uint64_t total = 0;
    std::uint64_t untold = 0;
    std::int64_t code = 0;
  };
  static_assert(sizeof(Numbers) == 24);

  std::optional<BorrowedFd> directory_;  ///< Empty: nothing is stored.
  std::string file_name_;
  Numbers numbers_;
};

}  // namespace foster::logs
