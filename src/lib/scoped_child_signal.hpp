// SIGCHLD is not to be ignored while there are children whose exit status is wanted.
#pragma once

#include <csignal>
#include <optional>

namespace foster {

/// Where SIGCHLD is ignored, the kernel reaps by itself and keeps no status. Sets it to its default then, and puts
/// back what it found; anything else is left alone.
class ScopedChildSignal {
 public:
  ScopedChildSignal() noexcept {
    struct sigaction found{};
    if (::sigaction(SIGCHLD, nullptr, &found) != 0) return;
    if (found.sa_handler != SIG_IGN && (found.sa_flags & SA_NOCLDWAIT) == 0) return;
    found_ = found;
    struct sigaction wanted = found;
    if (wanted.sa_handler == SIG_IGN) wanted.sa_handler = SIG_DFL;
    wanted.sa_flags &= ~SA_NOCLDWAIT;
    (void)::sigaction(SIGCHLD, &wanted, nullptr);
  }
  ~ScopedChildSignal() {
    if (found_) (void)::sigaction(SIGCHLD, &*found_, nullptr);
  }
  ScopedChildSignal(const ScopedChildSignal&) = delete;
  ScopedChildSignal& operator=(const ScopedChildSignal&) = delete;

 private:
  std::optional<struct sigaction> found_;
};

}  // namespace foster
