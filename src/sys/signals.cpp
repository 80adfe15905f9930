#include "sys/signals.hpp"

#include <unistd.h>

#include "sys/check.hpp"

namespace foster::sys {
namespace {

// pthread_sigmask fails only for an unknown `how`.
SignalSet change_mask(int how, const SignalSet& signals) noexcept {
  sigset_t found;
  (void)::pthread_sigmask(how, &signals.native(), &found);
  return SignalSet(found);
}

}  // namespace

std::vector<Signal> changed_signals() {
  std::vector<Signal> changed;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction found{};
    if (::sigaction(number, nullptr, &found) != 0 || found.sa_handler == SIG_DFL) continue;  // glibc's own are not told
    changed.push_back(*Signal::from_number(number));
  }
  return changed;
}

SignalSet blocked_signals() noexcept {
  return change_mask(SIG_BLOCK, SignalSet{});
}

void block_signals(const SignalSet& signals) noexcept {
  (void)change_mask(SIG_BLOCK, signals);
}

void block_all() noexcept {
  block_signals(SignalSet::all());
}

void set_blocked_signals(const SignalSet& signals) noexcept {
  (void)change_mask(SIG_SETMASK, signals);
}

ScopedSignalMask::ScopedSignalMask(const SignalSet& blocked) noexcept : found_(change_mask(SIG_BLOCK, blocked)) {}

ScopedSignalMask::~ScopedSignalMask() {
  set_blocked_signals(found_);
}

Result<SignalFd> SignalFd::open(const SignalSet& signals) {
  auto fd = check(::signalfd(-1, &signals.native(), SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
  if (!fd) return Failure(fd.error());
  return SignalFd(UniqueFd(*fd));
}

std::optional<signalfd_siginfo> SignalFd::read() noexcept {
  signalfd_siginfo info{};
  const auto size = retry_on_eintr([&] { return ::read(fd_.get(), &info, sizeof info); });
  if (size != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return info;
}

}  // namespace foster::sys
