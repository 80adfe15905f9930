// The current log file of an instance: opened at its end when there is something to write, replaced when it is full
// or gone. Or what stands where one could be: a FIFO, a terminal, the standard output of foster itself, or nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <foster/fd.hpp>
#include <foster/result.hpp>
#include "logs/losses.hpp"
#include "logs/rotation.hpp"
#include "sys/fifo.hpp"

namespace foster::logs {

/// Not O_APPEND, which splice(2) refuses: the offset is ours, and is set to the file's end at each `begin`.
class LogFile {
 public:
  enum class Whose : std::uint8_t {
    foster,  ///< In a directory that only its owner may enter unless he opens it for a group: mode 0640, no symlinks.
    user,    ///< Anywhere: mode 0644. Symlinks are followed that are root's or ours. What is no regular file is
             ///< written to as it takes the bytes, and never rotated; while it takes none, that is an error.
  };

  /// Touches nothing yet. The directory's descriptor must outlive this.
  LogFile(BorrowedFd directory, std::string file_name, Rotation rotation, Whose whose = Whose::foster) noexcept
      : directory_(directory), name_(std::move(file_name)), rotation_(rotation), whose_(whose) {}

  /// One of our own standard descriptors, whatever it is.
  [[nodiscard]] static LogFile standard(int number);
  /// Takes everything and keeps nothing.
  [[nodiscard]] static LogFile nowhere();

  /// Where to look for the name from now on.
  void set_directory(BorrowedFd directory) noexcept { directory_ = directory; }
  void set_rotation(Rotation rotation) noexcept { rotation_ = rotation; }
  [[nodiscard]] const std::string& file_name() const noexcept { return name_; }

  /// Makes sure that what is written next goes to the end of the file that bears the name now: it may have been
  /// removed, renamed, truncated or written to by others.
  [[nodiscard]] Result<> begin();

  /// Begins with a new file of that name: what was logged is gone, but for rotated files.
  [[nodiscard]] Result<> clear();
  /// The name is looked up again before anything else is written.
  void reopen() noexcept { fd_.reset(); }

  /// Moves some bytes, rotating before when the file is full. After `begin`.
  /// @return How many; 0: the FIFO is empty.
  /// @errors `EAGAIN`, `EPIPE`… from what is no regular file; the bytes stay in the FIFO.
  [[nodiscard]] Result<std::size_t> take_from(sys::FifoReader& fifo, std::size_t most);

  /// Where bytes are about to be written, and how many at once. What is no regular file has no place.
  struct Spot {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };
  /// The next line goes to another file. After `begin`.
  [[nodiscard]] bool is_full() const noexcept {
    return is_regular() && rotation_.max_size && offset_ >= *rotation_.max_size;
  }
  /// Where the beginning of `text` goes, after a rotation where that is due. After `begin`.
  [[nodiscard]] Result<Spot> find_spot(std::string_view text);
  /// Writes there, at most `spot.size` bytes. @return How many.
  [[nodiscard]] Result<std::size_t> write(const Spot& spot, std::string_view text);
  /// How many of the bytes at `spot` are there already: all that the file has from there on, or all of them; or none.
  [[nodiscard]] std::size_t count_written(const Spot& spot, std::string_view text) const;

  /// Writes a line of foster's own, after the end of the line before it. All of it or nothing. After `begin`.
  [[nodiscard]] Result<> write_line(const std::string& line);

  /// Removes the oldest rotated file, and counts it.
  /// @return false: there is none.
  [[nodiscard]] bool remove_oldest(Losses& losses);

 private:
  enum class Kind : std::uint8_t { nowhere, regular, pipe, socket, other };

  explicit LogFile(Kind kind) noexcept : kind_(kind) {}
  [[nodiscard]] bool is_regular() const noexcept { return kind_ == Kind::regular; }
  [[nodiscard]] Result<> open();
  [[nodiscard]] Result<> open_standard();
  [[nodiscard]] Result<UniqueFd> open_named();
  [[nodiscard]] Result<> take(UniqueFd fd);
  [[nodiscard]] Result<NextStep> make_room();
  [[nodiscard]] Result<std::size_t> send_from(sys::FifoReader& fifo, std::size_t most);
  [[nodiscard]] Result<std::size_t> send(std::string_view text);
  [[nodiscard]] Result<> start_new_file();
  [[nodiscard]] Result<LineEnd> line_end() const;
  [[nodiscard]] Result<std::size_t> take_line_from(sys::FifoReader& fifo, std::size_t most);

  std::optional<BorrowedFd> directory_;  ///< Empty where there is no name.
  std::string name_;
  Rotation rotation_ = {.max_size = std::nullopt};
  Whose whose_ = Whose::foster;
  Kind kind_ = Kind::regular;
  std::optional<int> standard_;  ///< Instead of a name.
  bool may_block_ = false;       ///< The descriptor is shared with others, who decide that.
  UniqueFd fd_;
  std::uint64_t inode_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t offset_ = 0;  ///< The file's size as we know it.
};

}  // namespace foster::logs
