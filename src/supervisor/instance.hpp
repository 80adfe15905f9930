// What the supervisor holds of one instance while it exists: its process, its output, its probe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/event.hpp"
#include "core/run_end.hpp"
#include "supervisor/foreign_end.hpp"
#include "supervisor/loop.hpp"
#include "supervisor/notify_socket.hpp"
#include "supervisor/output.hpp"
#include "supervisor/probe.hpp"
#include "sys/cgroup.hpp"
#include "sys/pidfd.hpp"

namespace foster::supervisor {

struct Instance {
  core::Run run = 0;                          ///< The run the members below belong to.
  std::optional<sys::ProcessHandle> process;  ///< The main process, until its exit was told.
  pid_t first_pid = 0;                        ///< What was spawned: the number of the run's first session and group.
  pid_t main_pid = 0;                         ///< The main process, also after its end: its session may live on.
  std::unique_ptr<ForeignEnd> foreign;        ///< Of `process`, where the reaper is not its parent.
  bool is_foreign = false;                    ///< The run was begun elsewhere, or by a reaper that is lost.
  bool is_adoption_due = false;               ///< What runs already becomes the next run, instead of a new process.
  std::optional<sys::Cgroup> cgroup;          ///< Where there is a writable tree.
  bool cgroup_is_spent = false;               ///< Killed as a whole, or maybe: the next run needs a new one.
  std::unique_ptr<Output> output;             ///< Empty with log = "none".
  std::unique_ptr<NotifySocket> notify;
  std::unique_ptr<Probe> probe;     ///< While somebody waits for readiness.
  std::string status;               ///< STATUS= of the current run.
  std::optional<core::RunEnd> end;  ///< Of the current run, until it is told.
  std::optional<BorrowedFd> held;   ///< While it is taken up: the FIFO that the reaper keeps.
  bool is_held = false;             ///< The reaper keeps the FIFO open too.
  bool is_process_held = false;     ///< And a pidfd of the main process.
};

}  // namespace foster::supervisor
