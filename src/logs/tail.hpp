// Reading a log while it is written and rotated: everything kept, or the last lines, and then what comes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::logs {

/// A reader of the current file and of the rotated ones, oldest first, as one stream. It holds the file it reads, so a
/// rotation loses and repeats nothing; only a reader that is slower than `keep` rotations misses files that are
/// gone. Never waits: the owner calls again when there may be more.
class LogReader {
 public:
  /// From the oldest byte that is kept. The directory's descriptor is duplicated. A log that does not exist (yet)
  /// is empty.
  [[nodiscard]] static Result<LogReader> from_oldest(BorrowedFd directory, std::string file_name);

  /// From the beginning of the `lines`th line from the end; an unfinished last line counts. Looks back through
  /// rotated files.
  /// @blocks On the file system, for as much as those lines are long.
  [[nodiscard]] static Result<LogReader> from_last_lines(BorrowedFd directory, std::string file_name,
                                                         std::uint64_t lines);

  /// Where `position` of an earlier reader was, also one of an earlier process. From the oldest byte when that place
  /// is no longer kept.
  /// @errors `EINVAL` the text is no position; and those of the others.
  [[nodiscard]] static Result<LogReader> from_position(BorrowedFd directory, std::string file_name,
                                                       std::string_view position);

  /// Appends at most `most` bytes to `out`.
  /// @return How many; 0: nothing there now.
  /// @errors `EIO`, `EMFILE`…; `out` is as it was, and the next call goes on from there.
  [[nodiscard]] Result<std::size_t> read(std::string& out, std::size_t most);

  /// Where the next `read` goes on: digits and a colon. Empty while the log does not exist.
  [[nodiscard]] std::string position() const;

 private:
  LogReader(UniqueFd directory, std::string file_name) noexcept
      : directory_(std::move(directory)), name_(std::move(file_name)) {}
  [[nodiscard]] Result<std::size_t> read_here(std::string& out, std::size_t most);
  /// The file that followed ours; none while ours is the current one.
  [[nodiscard]] Result<std::optional<UniqueFd>> find_successor() const;
  /// The same when ours is no longer in the row: pushed out at its end, or taken away by somebody.
  [[nodiscard]] Result<std::optional<UniqueFd>> find_successor_of_lost() const;

  UniqueFd directory_;
  std::string name_;
  UniqueFd fd_;  ///< Empty until the log exists.
  std::uint64_t offset_ = 0;
};

/// The last lines as they are now. The text is cut at its beginning to `most` bytes.
[[nodiscard]] Result<std::string> last_lines(BorrowedFd directory, const std::string& file_name, std::uint64_t lines,
                                             std::size_t most = 1 << 20);

}  // namespace foster::logs
