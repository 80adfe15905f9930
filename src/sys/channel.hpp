// A pair of sockets that carry whole messages and descriptors: peek, apply, consume. No heap.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::sys {

/// One end of a SOCK_SEQPACKET pair. Nothing here blocks; poll `fd()`. A message is peeked at, applied, and only
/// then taken, so that whoever dies between the two finds it again.
class Channel {
 public:
  enum class Outcome {
    message,  ///< Of `Receipt::size` bytes.
    empty,    ///< Nothing there now.
    end,      ///< Nothing there, and nobody left to send.
  };
  struct Receipt {
    Outcome outcome;
    std::size_t size = 0;
    std::size_t fd_count = 0;  ///< How many descriptors came; always 0 from `peek`.
  };

  /// As many descriptors as one message may carry.
  static constexpr std::size_t kMaxFds = 16;

  /// Both ends, close-on-exec.
  [[nodiscard]] static Result<std::pair<Channel, Channel>> pair();

  /// An end that came from elsewhere, over an exec for example.
  explicit Channel(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  /// Sends all of it or nothing. The descriptors stay the caller's.
  /// @errors `EAGAIN` full for now; `EPIPE` nobody will read; `EMSGSIZE` larger than the socket's buffer;
  ///         `EINVAL` an empty message, which could not be told from the end, or more than `kMaxFds`.
  [[nodiscard]] Result<> send(std::span<const std::byte> message, std::span<const BorrowedFd> fds = {}) noexcept;

  /// Looks at the next message without consuming it. Descriptors that it carries stay in it: none is installed.
  /// @errors `EMSGSIZE` longer than `buffer`; it stays where it is.
  [[nodiscard]] Result<Receipt> peek(std::span<std::byte> buffer) noexcept;

  /// Consumes the next message. The first of `fds` become its descriptors, close-on-exec.
  /// @errors `EMSGSIZE` longer than `buffer`, or with more descriptors than `fds` has room for: it is gone, and
  ///         so are its descriptors.
  [[nodiscard]] Result<Receipt> take(std::span<std::byte> buffer, std::span<UniqueFd> fds = {}) noexcept;

  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_; }
  /// Gives the descriptor up, to be passed over an exec.
  [[nodiscard]] UniqueFd into_fd() && noexcept { return std::move(fd_); }

 private:
  UniqueFd fd_;
};

}  // namespace foster::sys
