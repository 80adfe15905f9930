// The end of a process whose parent is somebody else: seen through its pidfd, with the exit status where the kernel
// still tells it after the parent has taken note.
#pragma once

#include <functional>
#include <optional>

#include <foster/exit_status.hpp>

#include "supervisor/loop.hpp"
#include "sys/pidfd.hpp"

namespace foster::supervisor {

/// Calls `done` once. It may be destroyed from within.
class ForeignEnd {
 public:
  using Done = std::move_only_function<void(const ExitStatus&)>;

  /// The process outlives this.
  ForeignEnd(Loop& loop, const sys::ProcessHandle& process, Done done);

 private:
  void look();

  const sys::ProcessHandle& process_;
  Done done_;
  unsigned looks_ = 0;
  Timer again_;
  std::optional<Watch> watch_;
};

/// How it ended; unknown where nobody can tell, or not yet.
[[nodiscard]] ExitStatus status_of_ended(const sys::ProcessHandle& process);

}  // namespace foster::supervisor
