// What the reaper tells the supervisor: exits and signals, each once, in order, and none lost while the socket is
// full or nobody reads it. No heap.
#pragma once

#include <sys/signalfd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "reaper/wire.hpp"
#include "sys/channel.hpp"
#include "sys/wait.hpp"

namespace foster::reaper {

/// The reaper's end of the channel, with what could not be sent yet. There is no queue of exits here: one that does
/// not fit stays a zombie. Signals wait as they do in the kernel, one of each number.
class Outbox {
 public:
  /// Counts exits on from `last_sequence`.
  Outbox(sys::Channel channel, std::uint64_t last_sequence) noexcept
      : channel_(std::move(channel)), sequence_(last_sequence) {}

  [[nodiscard]] sys::Channel& channel() noexcept { return channel_; }

  /// The socket was full at the last try. Poll for POLLOUT, then call `try_again`.
  [[nodiscard]] bool is_full() const noexcept { return full_; }
  void try_again() noexcept { full_ = false; }

  /// Keeps the signal until `send_signals`.
  void add(const signalfd_siginfo& info) noexcept;
  /// Sends what `add` kept, as far as there is room.
  void send_signals() noexcept;

  /// Something to take, if there is room; a full socket is something to take.
  void send_ping() noexcept;

  /// How many bytes wait to be taken.
  [[nodiscard]] std::size_t untaken() const noexcept;

  /// Of the last exit that is on its way.
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }

  /// Whether it is on its way; if not, it must not be reaped.
  [[nodiscard]] bool send(const sys::ExitReport& exit) noexcept;

 private:
  template <class Body>
  [[nodiscard]] bool try_to_send(const Body& body) noexcept;

  static constexpr std::size_t kSignals = 65;

  sys::Channel channel_;
  std::uint64_t sequence_;
  bool full_ = false;
  bool signals_wait_ = false;
  std::array<std::optional<Signalled>, kSignals> signals_{};  // by number
};

/// A child that has ended, with all there is to tell, and still a zombie. Like sys::peek_exit, which finds the pid
/// alone; a report is wanted here before anything is reaped.
[[nodiscard]] std::optional<sys::ExitReport> peek_report() noexcept;

}  // namespace foster::reaper
