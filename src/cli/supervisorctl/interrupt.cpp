#include "cli/supervisorctl/interrupt.hpp"

#include <cerrno>

namespace foster::cli::supervisorctl {
namespace {

volatile std::sig_atomic_t was_interrupted = 0;
sigset_t waiting_mask;
int depth = 0;

}  // namespace

// The signal is blocked but for the waits, so that none slips in between looking and waiting.
CatchInterrupts::CatchInterrupts() {
  sigset_t interrupts;
  sigemptyset(&interrupts);
  sigaddset(&interrupts, SIGINT);
  (void)::pthread_sigmask(SIG_BLOCK, &interrupts, &found_mask_);
  (void)::sigaction(SIGINT, nullptr, &found_);
  if (depth++ > 0) return;
  was_interrupted = 0;
  waiting_mask = found_mask_;
  sigdelset(&waiting_mask, SIGINT);
  struct sigaction action{};
  action.sa_handler = found_.sa_handler == SIG_IGN ? SIG_IGN : [](int) { was_interrupted = 1; };
  (void)::sigaction(SIGINT, &action, nullptr);
}

CatchInterrupts::~CatchInterrupts() {
  if (--depth == 0) {
    // One that came too late to be waited for is answered by now: ignoring it takes it back.
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    (void)::sigaction(SIGINT, &ignore, nullptr);
    (void)::sigaction(SIGINT, &found_, nullptr);
  }
  (void)::pthread_sigmask(SIG_SETMASK, &found_mask_, nullptr);
}

Wait wait_for(std::span<pollfd> descriptors) {
  for (;;) {
    const sigset_t* mask = depth > 0 ? &waiting_mask : nullptr;
    const int count = ::ppoll(descriptors.data(), descriptors.size(), nullptr, mask);
    if (was_interrupted != 0) {
      was_interrupted = 0;
      return Wait::interrupted;
    }
    if (count >= 0 || errno != EINTR) return Wait::ready;  // another failure shows at the read
  }
}

}  // namespace foster::cli::supervisorctl
