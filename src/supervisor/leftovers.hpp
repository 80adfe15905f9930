// Killing everything a run has started, however it forked, and knowing when nothing is left.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/action.hpp"
#include "core/event.hpp"
#include "supervisor/loop.hpp"
#include "supervisor/run_processes.hpp"
#include "sys/cgroup.hpp"

namespace foster::supervisor {

class Leftovers {
 public:
  /// A run to end. The cgroup, where there is one, is the instance's and outlives the killing.
  struct Scope {
    core::InstanceId id;
    core::Run run;
    RunMarks marks;
    const sys::Cgroup* cgroup = nullptr;
  };
  struct Callbacks {
    std::function<void(core::InstanceId, core::Run)> gone;  ///< Nothing of the run is alive.
    /// The end of its main process was not told yet: nothing can be gone before that.
    std::function<bool(core::InstanceId)> main_exit_is_due;
    /// A direct child of the reaper that does not belong to the run in question, for certain.
    std::function<bool(pid_t, core::InstanceId)> is_stranger;
  };

  Leftovers(Loop& loop, Pid reaper, Callbacks callbacks);

  enum class Found : std::uint8_t { nothing, processes };
  /// Sends SIGKILL to all of the run until `gone` is called, which is at once where nothing is found.
  Found kill(Scope scope);
  /// The instance goes or has a new run: nobody waits for this any more.
  void forget(core::InstanceId id);
  /// Processes have ended: looks whether anything is left of the runs in question.
  void look_again();

 private:
  [[nodiscard]] bool nothing_is_left(const Scope& scope) const;
  void kill_what_is_there(const Scope& scope) const;
  void arm();

  Pid reaper_;
  Callbacks callbacks_;
  Timer timer_;
  std::vector<Scope> pending_;
};

}  // namespace foster::supervisor
