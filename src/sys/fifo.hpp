// The output FIFO: what a service wrote waits in it while nobody reads, and is consumed exactly when it is in a file.
//
// Both ends are opened O_RDWR, so each holds a reader and a writer of its own: no SIGPIPE and no end of file when the
// other is gone. The bytes live as long as any descriptor of the FIFO is open anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster::sys {

inline constexpr std::size_t kFifoCapacity = 1 << 20;

/// Who may open the FIFO by name, as a program does that opens /dev/stdout.
enum class FifoAccess : std::uint8_t {
  owner,   ///< Mode 0600.
  writers  ///< Mode 0622: for a service that runs as another user. Its directory lets nobody else near.
};

/// The reading end. Never blocks on the FIFO.
class FifoReader {
 public:
  /// Makes the FIFO, or accepts the one that is there, with the mode for this access and a capacity of 1 MiB, or as
  /// much as the user may have (/proc/sys/fs/pipe-max-size, pipe-user-pages-soft).
  /// @errors `EPERM` something else has the name: no FIFO, or one owned by somebody else.
  [[nodiscard]] static Result<FifoReader> make(BorrowedFd directory, const std::string& name,
                                               FifoAccess access = FifoAccess::owner);

  /// One that is there. @errors As `make`; `ENOENT`.
  [[nodiscard]] static Result<FifoReader> open(BorrowedFd directory, const std::string& name);

  /// A FIFO that has lost its name, by way of a process that still writes to it.
  /// @param path What its name was.
  /// @errors `ENOENT` neither stdout nor stderr of the process is this one; and those of open(2).
  [[nodiscard]] static Result<FifoReader> open_removed(Pid writer, const std::string& path);

  /// The end for stdout and stderr of a service: O_RDWR, blocking.
  /// @errors `ESTALE` the name means another FIFO by now; and as `open`.
  [[nodiscard]] Result<UniqueFd> open_for_service(BorrowedFd directory, const std::string& name) const;

  /// Readable for poll when there is something in it. Whoever holds a copy keeps the bytes alive.
  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_; }

  /// Moves up to `most` bytes to `file` at `offset`, and advances it. Bytes leave the FIFO when they are in the file,
  /// not earlier and not later, at whatever instant we are killed.
  ///
  /// Where splice(2) is refused (a file system without it, FOSTER_WITHOUT=splice), bytes are copied instead: looked at
  /// by tee(2), written, and then consumed. Still none is lost, but being killed between the last two steps
  /// repeats up to 64 KiB.
  ///
  /// @return How many; 0: the FIFO is empty.
  /// @errors `ENOSPC`, `EDQUOT`, `EFBIG`, `EIO` from the file; the bytes stay in the FIFO.
  /// @blocks On the file system.
  [[nodiscard]] Result<std::size_t> splice_to(BorrowedFd file, std::uint64_t& offset, std::size_t most);

  /// Moves up to `most` bytes to another pipe; they leave the one as they enter the other. Never waits.
  /// @return How many; there must be something in the FIFO.
  /// @errors `EAGAIN` the pipe is full; `EPIPE` nobody reads it; `EINVAL`, `ENOSYS`: not here.
  [[nodiscard]] Result<std::size_t> splice_to_pipe(BorrowedFd pipe, std::size_t most);

  /// Looks at the first bytes without consuming them: at least one if there is one, maybe fewer than there are.
  /// @errors `EMFILE`, `ENFILE`: it takes a pipe for the moment.
  [[nodiscard]] Result<std::size_t> peek(std::span<char> buffer) const;

  /// How many bytes wait.
  [[nodiscard]] std::size_t available() const noexcept;

  /// How many of them must go so that half of the FIFO is free, or so that there is room at all: small writes may fill
  /// it with fewer bytes than it could take. 0: a writer does not block.
  [[nodiscard]] std::size_t excess() const noexcept;

  /// Throws the oldest bytes away, at most `most`.
  /// @return How many there were.
  [[nodiscard]] Result<std::size_t> discard(std::size_t most);

 private:
  explicit FifoReader(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  [[nodiscard]] Result<std::size_t> copy_to(BorrowedFd file, std::uint64_t& offset, std::size_t most);

  UniqueFd fd_;
  enum class Means : std::uint8_t { splice, copy } means_ = Means::splice;
};

}  // namespace foster::sys
