#include "cli/interruption.hpp"

#include <unistd.h>

#include <csignal>

namespace foster::cli {

Result<Interruption> Interruption::open() {
  sys::SignalSet wanted;
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction found{};
    (void)::sigaction(number, nullptr, &found);  // of a signal that there is
    if (found.sa_handler != SIG_IGN) wanted.add(*Signal::from_number(number));
  }
  auto signals = sys::SignalFd::open(wanted);
  if (!signals) return Failure(signals.error());
  sys::block_signals(wanted);
  return Interruption(std::move(*signals));
}

std::optional<Signal> Interruption::came() {
  const auto info = signals_.read();
  return info ? Signal::from_number(static_cast<int>(info->ssi_signo)) : std::nullopt;
}

void Interruption::act(Signal signal) {
  (void)std::signal(signal.number(), SIG_DFL);
  (void)std::raise(signal.number());
  sys::set_blocked_signals({});
  ::_exit(128 + signal.number());
}

}  // namespace foster::cli
