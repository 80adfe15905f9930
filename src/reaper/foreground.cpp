#include "reaper/foreground.hpp"

#include <unistd.h>

#include "sys/signals.hpp"

namespace foster::reaper {

std::optional<Foreground> Foreground::find() noexcept {
  const pid_t group = ::getpgrp();
  if (::tcgetpgrp(STDIN_FILENO) != group) return std::nullopt;
  return Foreground(group);
}

int Foreground::terminal() const noexcept {
  return STDIN_FILENO;
}

void Foreground::give_to(pid_t group) const noexcept {
  const sys::ScopedSignalMask stay(sys::SignalSet{*Signal::from_number(SIGTTOU)});
  (void)::tcsetpgrp(STDIN_FILENO, group);
}

}  // namespace foster::reaper
