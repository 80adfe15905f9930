// A process between parent and child that outlives neither's descendants: the parent's half. What it does itself is
// in lib/guardian_process.hpp.
#pragma once

#include <optional>
#include <utility>

#include <foster/result.hpp>
#include "sys/cgroup.hpp"
#include "sys/channel.hpp"
#include "sys/clone.hpp"
#include "sys/pidfd.hpp"
#include "sys/wait.hpp"

namespace foster {

/// The guardian of one child. It is reaped with the report of a child that left nothing running, or by `end`.
class Guardian {
 public:
  Guardian(sys::Channel channel, std::optional<sys::ProcessHandle> process) noexcept
      : channel_(std::move(channel)), process_(std::move(process)) {}

  /// How the child ended; empty when the guardian was lost. Only the first call gets it.
  /// @blocks Until the child has ended.
  [[nodiscard]] std::optional<sys::ExitReport> await_report();

  /// Reaps it if what the child had left running has ended since.
  void reap_if_ended() noexcept;

  /// Has everything below the guardian killed, and reaps it.
  /// @errors `EPERM` something may not be killed; the guardian is gone all the same.
  /// @blocks Until all of that has ended.
  Result<> end();

 private:
  sys::Channel channel_;
  std::optional<sys::ProcessHandle> process_;  // empty once it was reaped
};

struct GuardedSpawn {
  sys::Spawned spawned;
  Guardian guardian;
};

/// Starts the program below a guardian of its own. `cgroup` is what it is born in, if it is.
/// @errors As `sys::spawn`; "fork guardian" `EAGAIN`, `ENOMEM`.
[[nodiscard]] Result<GuardedSpawn> spawn_guarded(sys::SpawnRequest& request, const std::optional<sys::Cgroup>& cgroup);

}  // namespace foster
