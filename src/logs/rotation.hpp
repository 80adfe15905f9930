// When a log file is full, and what its older ones become. Deciding is pure; doing is one rename after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::logs {

struct Rotation {
  std::optional<std::uint64_t> max_size;  ///< Bytes; empty: never.
  unsigned keep = 5;                      ///< Rotated files beside the current one.
  friend bool operator==(const Rotation&, const Rotation&) = default;
};

/// How far past `max_size` a file may grow to end with a whole line.
inline constexpr std::uint64_t kLineSlack = 64 * 1024;

/// What may be done with the next bytes.
struct NextStep {
  enum class Kind : std::uint8_t {
    write,          ///< Up to `most` bytes.
    write_to_line,  ///< Up to and including the next newline, at most `most` bytes.
    rotate,         ///< First a new file.
  };
  Kind kind = Kind::write;
  std::uint64_t most = 0;
  friend bool operator==(const NextStep&, const NextStep&) = default;
};

/// Where the last byte of a file leaves its reader.
enum class LineEnd : std::uint8_t { complete, unfinished };

/// A full file is rotated between two lines, and within one only when that one exceeds the limit by `kLineSlack`.
[[nodiscard]] NextStep next_step(const Rotation& rotation, std::uint64_t size, LineEnd end);

/// One file of the row; 0 is the current one. Empty `to`: it is removed.
struct Move {
  unsigned from;
  std::optional<unsigned> to;
  friend bool operator==(const Move&, const Move&) = default;
};

/// The moves, in order, that free number 0. `exists[n]` says whether number n does. What an interrupted rotation left
/// is completed: a gap in the row ends the shifting. What lies above `keep` is removed.
[[nodiscard]] std::vector<Move> rotation_moves(const std::vector<bool>& exists, unsigned keep);

/// Renames FILE to FILE.1, FILE.1 to FILE.2 and so on. Being killed half-way loses no file that was to be kept.
/// @errors Those of rename(2) and unlink(2); what was done stays done.
[[nodiscard]] Result<> rotate(BorrowedFd directory, const std::string& file_name, unsigned keep);

/// A rotated file: its number and its size.
struct RotatedFile {
  unsigned number;
  std::uint64_t size;
};

/// The oldest rotated file; the current one is none.
[[nodiscard]] std::optional<RotatedFile> find_oldest(BorrowedFd directory, const std::string& file_name, unsigned keep);

}  // namespace foster::logs
