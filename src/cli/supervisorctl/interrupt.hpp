// Ctrl-C as an answer to wait for, where it does not simply end the program.
#pragma once

#include <poll.h>

#include <csignal>
#include <cstdint>
#include <span>

namespace foster::cli::supervisorctl {

/// While one lives, SIGINT ends a `wait_for` and nothing else. Where it was ignored, it stays so. They may nest.
class CatchInterrupts {
 public:
  CatchInterrupts();
  ~CatchInterrupts();
  CatchInterrupts(const CatchInterrupts&) = delete;
  CatchInterrupts& operator=(const CatchInterrupts&) = delete;

 private:
  struct sigaction found_{};
  sigset_t found_mask_{};
};

enum class Wait : std::uint8_t { ready, interrupted };

/// poll(2) without a limit.
/// @return `interrupted`: once for each SIGINT, or several of them, since the outermost CatchInterrupts began.
[[nodiscard]] Wait wait_for(std::span<pollfd> descriptors);

}  // namespace foster::cli::supervisorctl
