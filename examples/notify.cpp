// A service that says how it does: to systemd or foster by NOTIFY_SOCKET, to an s6-style supervisor by a newline on the
// descriptor that READY_FD names, and to nobody when a person starts it in a shell.
//
//   notify                          works until SIGTERM; SIGHUP makes it reload
//   systemd unit: Type=notify-reload, WatchdogSec=10
//   foster.toml:  ready = "notify"
#include <poll.h>
#include <sys/signalfd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>

#include <foster/fd.hpp>
#include <foster/notify.hpp>

namespace {

foster::UniqueFd open_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGTERM, SIGHUP}) sigaddset(&signals, number);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return foster::UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC));
}

/// A message that does not arrive is worth a line, and no reason to stop working.
void tell(const foster::Result<>& told) {
  if (!told) std::fprintf(stderr, "%s\n", foster::to_string(told.error()).c_str());
}

}  // namespace

int main() {
  const auto signals = open_signals();
  auto notifier = foster::Notifier::from_environment({.descriptor_variable = "READY_FD"});
  // … bind, load, connect …
  tell(notifier.ready("serving"));

  // Twice in every interval, so that one late answer is none too few.
  const auto interval = notifier.watchdog_interval();
  using Milliseconds = std::chrono::duration<int, std::milli>;
  const int pause = interval ? std::chrono::ceil<Milliseconds>(*interval / 2).count() : -1;
  for (;;) {
    pollfd watched{signals.get(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, pause);
    if (ready < 0 && errno != EINTR) return 1;
    if (ready <= 0) {
      tell(notifier.watchdog());
      continue;
    }
    signalfd_siginfo signal{};
    if (::read(signals.get(), &signal, sizeof signal) != sizeof signal) return 1;
    if (signal.ssi_signo == SIGTERM) break;
    tell(notifier.reloading());
    // … read the configuration again …
    tell(notifier.ready("serving, with a new configuration"));
  }
  tell(notifier.stopping());
  return 0;
}
