#include "lib/child_signal.hpp"

#include <utility>

namespace foster {
namespace {

const Signal kChildEnded = *Signal::from_number(SIGCHLD);

/// What has the kernel reap in our place.
bool prevents_waiting(const struct sigaction& action) noexcept {
  return (action.sa_flags & SA_NOCLDWAIT) != 0 || ((action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN);
}

}  // namespace

ChildSignal::ChildSignal(sys::SignalFd fd) noexcept
    : fd_(std::move(fd)), thread_(::pthread_self()), was_blocked_(sys::blocked_signals().contains(kChildEnded)) {
  sys::block_signals({kChildEnded});
  (void)::sigaction(SIGCHLD, nullptr, &found_);
  if (!prevents_waiting(found_)) return;
  struct sigaction wanted = found_;
  wanted.sa_flags &= ~SA_NOCLDWAIT;
  if (found_.sa_handler == SIG_IGN) wanted.sa_handler = SIG_DFL;
  is_changed_ = ::sigaction(SIGCHLD, &wanted, nullptr) == 0;
}

ChildSignal::ChildSignal(ChildSignal&& other) noexcept
    : fd_(std::move(other.fd_)),
      thread_(other.thread_),
      was_blocked_(other.was_blocked_),
      found_(other.found_),
      is_changed_(other.is_changed_),
      is_active_(std::exchange(other.is_active_, false)) {}

ChildSignal::~ChildSignal() {
  if (!is_active_) return;
  if (is_changed_) (void)::sigaction(SIGCHLD, &found_, nullptr);
  if (was_blocked_ || ::pthread_equal(thread_, ::pthread_self()) == 0) return;
  sys::SignalSet mask = sys::blocked_signals();
  sys::set_blocked_signals(mask.remove(kChildEnded));
}

Result<ChildSignal> ChildSignal::open() {
  auto fd = sys::SignalFd::open({kChildEnded});
  if (!fd) return Failure(fd.error());
  return ChildSignal(std::move(*fd));
}

void ChildSignal::drain() noexcept {
  while (fd_.read()) {
  }
}

}  // namespace foster
