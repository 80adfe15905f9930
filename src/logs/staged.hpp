// Output that has left its FIFO and is not in its log yet, because it must be looked at first: in a small file, so that
// whoever goes on after a kill goes on at the same byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <foster/fd.hpp>
#include <foster/result.hpp>
#include "logs/log_file.hpp"
#include "sys/fifo.hpp"

namespace foster::logs {

/// How far output has come: a byte keeps its mark, whoever looks at it how often.
struct OutputMark {
  std::uint64_t stream = 0;  ///< Which output, as long as its file lives; 0: of none.
  std::uint64_t end = 0;     ///< Bytes before it.
  friend bool operator==(const OutputMark&, const OutputMark&) = default;
};

class Staged {
 public:
  /// Makes the file, or goes on with the one that is there. The directory need not stay open.
  [[nodiscard]] static Result<Staged> open(BorrowedFd directory, const std::string& file_name);

  /// Takes bytes from the FIFO, in one portion. @return How many; 0: there are none.
  /// @errors `ENOSPC` the directory's file system is full: they stay in the FIFO.
  [[nodiscard]] Result<std::size_t> take_from(sys::FifoReader& fifo, std::size_t most);

  /// What waits, from the first byte that did not go on yet.
  [[nodiscard]] std::string_view bytes() const noexcept { return std::string_view(window_).substr(head_); }
  /// Behind so many of them.
  [[nodiscard]] OutputMark mark(std::size_t size) const noexcept { return {stream_, passed_ + position_ + size}; }
  /// So many of them went on. Stored by `store`.
  void consume(std::size_t size);

  /// Stores how far it is: bytes before `bytes()` went on; those after it go to `spot`, where that is known. While they
  /// are being written there, nothing else need be stored.
  void store(const std::optional<LogFile::Spot>& spot, bool is_capturing);

  /// What an earlier one had stored, once.
  struct Found {
    std::optional<LogFile::Spot> spot;
    bool is_capturing = false;
  };
  [[nodiscard]] Found take_found() noexcept { return std::exchange(found_, {}); }

 private:
  explicit Staged(UniqueFd file) noexcept : file_(std::move(file)) {}
  [[nodiscard]] Result<> load();
  [[nodiscard]] Result<> catch_up(std::uint64_t end);
  void empty();
  void write_header(const std::optional<LogFile::Spot>& spot, bool is_capturing);
  void give_back();

  UniqueFd file_;
  std::uint64_t stream_ = 0;
  std::uint64_t passed_ = 0;    ///< Bytes that were in the file before it was emptied.
  std::uint64_t position_ = 0;  ///< Of the first byte of `bytes()`, from the first one in the file.
  std::uint64_t end_ = 0;
  std::uint64_t given_back_ = 0;
  std::string window_;
  std::size_t head_ = 0;  ///< What lies before it in the window is of no use any more.
  Found found_;
};

}  // namespace foster::logs
