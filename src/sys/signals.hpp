// Signal masks and signalfd. Looking for names and numbers? foster/signal.hpp
#pragma once

#include <sys/signalfd.h>

#include <csignal>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>

namespace foster::sys {

/// A set of signals, empty at first.
class SignalSet {
 public:
  SignalSet() noexcept { sigemptyset(&set_); }
  SignalSet(std::initializer_list<Signal> signals) noexcept : SignalSet() {
    for (const Signal signal : signals) add(signal);
  }
  explicit SignalSet(const sigset_t& set) noexcept : set_(set) {}

  /// Every signal that can be blocked at all; SIGKILL and SIGSTOP are in it without effect.
  [[nodiscard]] static SignalSet all() noexcept {
    SignalSet set;
    sigfillset(&set.set_);
    return set;
  }

  SignalSet& add(Signal signal) noexcept {
    sigaddset(&set_, signal.number());
    return *this;
  }
  SignalSet& remove(Signal signal) noexcept {
    sigdelset(&set_, signal.number());
    return *this;
  }
  [[nodiscard]] bool contains(Signal signal) const noexcept { return sigismember(&set_, signal.number()) == 1; }
  [[nodiscard]] const sigset_t& native() const noexcept { return set_; }

 private:
  sigset_t set_;
};

/// The signals whose disposition in this process is not the default now: ignored ones and handled ones.
[[nodiscard]] std::vector<Signal> changed_signals();

/// The signals this thread blocks now.
[[nodiscard]] SignalSet blocked_signals() noexcept;

/// Blocks more signals for this thread, for good. For `main`, before a SignalFd.
void block_signals(const SignalSet& signals) noexcept;

/// Blocks everything that can be blocked, for good.
void block_all() noexcept;

/// Sets this thread's mask to exactly these.
void set_blocked_signals(const SignalSet& signals) noexcept;

/// Blocks more signals for this thread while it lives, then restores the mask it found.
class [[nodiscard]] ScopedSignalMask {
 public:
  explicit ScopedSignalMask(const SignalSet& blocked = SignalSet::all()) noexcept;
  ~ScopedSignalMask();
  ScopedSignalMask(const ScopedSignalMask&) = delete;
  ScopedSignalMask& operator=(const ScopedSignalMask&) = delete;

  /// What it will restore.
  [[nodiscard]] const SignalSet& found() const noexcept { return found_; }

 private:
  SignalSet found_;
};

/// Signals as something to poll for. They must be blocked, or they act as always.
class SignalFd {
 public:
  /// Non-blocking and close-on-exec.
  [[nodiscard]] static Result<SignalFd> open(const SignalSet& signals);

  /// The next pending signal; empty when there is none. No heap.
  [[nodiscard]] std::optional<signalfd_siginfo> read() noexcept;

  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_; }

 private:
  explicit SignalFd(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace foster::sys
