// What the supervisor holds of one instance while it exists: its process, its output, its probe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/event.hpp"
#include "core/run_end.hpp"
#include "supervisor/foreign_end.hpp"
#include "supervisor/input.hpp"
#include "supervisor/loop.hpp"
#include "supervisor/notify_socket.hpp"
#include "supervisor/outputs.hpp"
#include "supervisor/probe.hpp"
#include "sys/cgroup.hpp"
#include "sys/pidfd.hpp"

namespace foster::supervisor {

struct Instance {
  Instance(const Outputs::Tools& tools, core::InstanceId id) : outputs(tools, id) {}

  core::Run run = 0;                          ///< The run the members below belong to.
  std::optional<sys::ProcessHandle> process;  ///< The main process, until its exit was told.
  pid_t first_pid = 0;                        ///< What was spawned: the number of the run's first session and group.
  pid_t main_pid = 0;                         ///< The main process, also after its end: its session may live on.
  std::unique_ptr<ForeignEnd> foreign;        ///< Of `process`, where the reaper is not its parent.
  bool is_foreign = false;                    ///< The run was begun elsewhere, or by a reaper that is lost.
  bool is_adoption_due = false;               ///< What runs already becomes the next run, instead of a new process.
  std::optional<sys::Cgroup> cgroup;          ///< Where there is a writable tree.
  bool cgroup_is_spent = false;               ///< Killed as a whole, or maybe: the next run needs a new one.
  Outputs outputs;
  std::unique_ptr<Input> input;  ///< Where stdin is a pipe.
  std::unique_ptr<NotifySocket> notify;
  std::unique_ptr<Probe> probe;     ///< While somebody waits for readiness.
  std::string status;               ///< STATUS= of the current run.
  std::optional<core::RunEnd> end;  ///< Of the current run, until it is told.
  bool is_process_held = false;     ///< The reaper keeps a pidfd of the main process, too.
};

}  // namespace foster::supervisor
