// The current log file of an instance: opened at its end when there is something to write, replaced when it is full
// or gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <foster/fd.hpp>
#include <foster/result.hpp>
#include "logs/losses.hpp"
#include "logs/rotation.hpp"
#include "sys/fifo.hpp"

namespace foster::logs {

/// Not O_APPEND, which splice(2) refuses: the offset is ours, and is set to the file's end at each `begin`. Files are
/// made with mode 0640, in a directory that only its owner may enter unless he opens it for a group.
class LogFile {
 public:
  /// Touches nothing yet. The directory's descriptor must outlive this.
  LogFile(BorrowedFd directory, std::string file_name, Rotation rotation) noexcept
      : directory_(directory), name_(std::move(file_name)), rotation_(rotation) {}

  void set_rotation(Rotation rotation) noexcept { rotation_ = rotation; }
  [[nodiscard]] const std::string& file_name() const noexcept { return name_; }

  /// Makes sure that what is written next goes to the end of the file that bears the name now: it may have been
  /// removed, renamed, truncated or written to by others.
  [[nodiscard]] Result<> begin();

  /// Moves some bytes, rotating before when the file is full. After `begin`.
  /// @return How many; 0: the FIFO is empty.
  [[nodiscard]] Result<std::size_t> take_from(sys::FifoReader& fifo, std::size_t most);

  /// Writes a line of foster's own, after the end of the line before it. All of it or nothing. After `begin`.
  [[nodiscard]] Result<> write_line(const std::string& line);

  /// Removes the oldest rotated file, and counts it.
  /// @return false: there is none.
  [[nodiscard]] bool remove_oldest(Losses& losses);

 private:
  [[nodiscard]] Result<> open();
  [[nodiscard]] Result<> start_new_file();
  [[nodiscard]] Result<LineEnd> line_end() const;
  [[nodiscard]] Result<std::size_t> take_line_from(sys::FifoReader& fifo, std::size_t most);

  BorrowedFd directory_;
  std::string name_;
  Rotation rotation_;
  UniqueFd fd_;
  std::uint64_t inode_ = 0;
  std::uint64_t device_ = 0;
  std::uint64_t offset_ = 0;  ///< The file's size as we know it.
};

}  // namespace foster::logs
