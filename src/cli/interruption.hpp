// Requests to end (Ctrl-C, SIGTERM, a terminal that closes) for commands that have to put something in order first.
#pragma once

#include <optional>
#include <utility>

#include <foster/fd.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>

#include "sys/signals.hpp"

namespace foster::cli {

/// While it lives these signals end nothing, but make it readable. What was ignored before stays so.
class Interruption {
 public:
  /// @threads Before there are others: the mask is the calling thread's.
  [[nodiscard]] static Result<Interruption> open();

  /// Readable: somebody wants us to end.
  [[nodiscard]] BorrowedFd fd() const noexcept { return signals_.fd(); }
  [[nodiscard]] std::optional<Signal> came();

  /// Ends this process as the signal would have done by itself, so that a shell sees the reason.
  [[noreturn]] static void act(Signal signal);

 private:
  explicit Interruption(sys::SignalFd signals) noexcept : signals_(std::move(signals)) {}

  sys::SignalFd signals_;
};

}  // namespace foster::cli
