// The fork that makes a worker, and a worker's life from its first instruction to its last.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <foster/fd.hpp>
#include <foster/prefork.hpp>
#include <foster/result.hpp>
#include "lib/worker_words.hpp"
#include "sys/credentials.hpp"
#include "sys/pidfd.hpp"

namespace foster {

/// What a worker is born with. Lent for the time of the call.
struct WorkerPlan {
  unsigned task;
  std::vector<int> listeners;
  const SharedWords& words;
  BorrowedFd wake;  ///< An eventfd of the master's, for what cannot wait.
  const PreforkOptions& options;
  const std::optional<sys::Credentials>& credentials;
  const WorkerFunction& work;
  /// Closes what is the master's alone. Runs in the worker.
  const std::function<void()>& forget_master;
};

/// A worker could not become who it was to be, before its function was called: EX_NOPERM of sysexits(3).
inline constexpr int kNoIdentity = 77;

/// Makes workers; a friend of `Worker`.
class WorkerBirth {
 public:
  /// Forks. Returns in the master only; on error no worker is left.
  /// @errors `EBUSY` several threads; `EAGAIN`, `ENOMEM` from fork; `EMFILE`, `ENFILE` no descriptor to be had.
  [[nodiscard]] static Result<sys::ProcessHandle> fork(const WorkerPlan& plan);

 private:
  [[noreturn]] static void live(const WorkerPlan& plan, pid_t master, UniqueFd stop_fd) noexcept;
};

}  // namespace foster
