// Actions to system calls: the only file that makes a decision a deed. What comes of a deed is
// reported as an event; nothing is decided here.
#pragma once

#include <sys/resource.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fleet.hpp"
#include "ledger/ledger.hpp"
#include "supervisor/exits.hpp"
#include "supervisor/instance.hpp"
#include "supervisor/leftovers.hpp"
#include "supervisor/report.hpp"
#include "supervisor/spawn_plan.hpp"
#include "supervisor/stdin_sockets.hpp"
#include "sys/cgroup.hpp"

namespace foster::supervisor {

class Executor {
 public:
  /// What the executor works with; all of it outlives it.
  struct Tools {
    Loop& loop;
    ledger::Ledger& ledger;
    sys::Channel& channel;
    Listeners& listeners;
    Exits& exits;
    OutputPlace place;
    const sys::CgroupTree* cgroups = nullptr;  ///< Empty where no tree is writable.
    Pid reaper;
    std::string foster;     ///< Name of this instance of foster.
    std::string run_stamp;  ///< Differs from life to life of the instance; part of each run's tag.
    rlimit open_files{};
    sys::FdLane* lane = nullptr;  ///< Makes a spawn cost the same however many descriptors are open here.
    std::function<const core::Fleet&()> fleet;
    Report report;
    OutputTap tap = {};  ///< Told of output as its policy says.
  };

  explicit Executor(Tools tools);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // One for each action of core/action.hpp that touches the world.
  void perform(const core::action::Spawn& spawn);
  void perform(const core::action::SendSignal& send);
  void perform(const core::action::KillRest& kill);
  void perform(const core::action::WatchReadiness& watch);
  void perform(const core::action::ForgetReadiness& forget);
  void perform(const core::action::Retire& retire);

  /// Takes up a run that an earlier supervisor started. `process` is empty when its main process is
  /// not alive any more: its exit is reported as it arrives.
  void adopt(core::InstanceId id, core::Run run, pid_t first_pid, pid_t main_pid,
             std::optional<sys::ProcessHandle> process, const Outputs::Held& held);

  /// What the next start of this instance takes over instead of starting something: a process that is not ours.
  void adopt_next(core::InstanceId id, sys::ProcessHandle process);

  /// A run whose main process is not the reaper's child. Its end is seen, its exit status only where the kernel keeps
  /// it for others than the parent.
  void watch_foreign(core::InstanceId id);
  /// The reaper need not keep this slot's process any more, unless it is watched as a foreign one.
  void release_unless_foreign(core::InstanceId id);
  /// The main process has ended where the reaper was not told how.
  void end_untold(core::InstanceId id, const ExitStatus& status);
  /// Whether this process was started for the run: it carries the tag, lies in the instance's cgroup, or holds the
  /// instance's FIFO. For a pid that was written down without anything to prove it by.
  [[nodiscard]] bool is_of_run(core::InstanceId id, core::Run run, Pid pid) const;

  /// Live settings of a changed definition.
  void update(core::InstanceId id);
  /// Looks up the names of all logs again: what is no regular file is opened anew, and so are directories.
  void reopen_logs();
  /// Empties the logs of an instance, but for rotated files.
  [[nodiscard]] Result<> clear_logs(core::InstanceId id);
  /// For the reaper that this process is about to become: everything that holds output or the end of a process. What
  /// there is no descriptor free for is left out.
  void bequeath(reaper::HeldFds& held) const;
  /// Some child of the reaper ended that nobody expected.
  void orphan_reaped() { leftovers_.look_again(); }
  /// Sends the signal to the main process; false: there is none.
  [[nodiscard]] Result<> send_signal(core::InstanceId id, Signal signal) const;
  /// Takes what it has written so far.
  void drain_output(core::InstanceId id);
  /// To its stdin, in the order of the calls.
  /// @errors `ESRCH` no process of it runs; `ENXIO`, `EPIPE` its stdin is no pipe, or nobody reads from it any more;
  ///   `ENOBUFS` too much waits to be read.
  [[nodiscard]] Result<> write_stdin(core::InstanceId id, std::string_view bytes);
  /// Empty for an instance that never ran.
  [[nodiscard]] Instance* find(core::InstanceId id);
  [[nodiscard]] const Instance* find(core::InstanceId id) const;
  /// What is known of the end of this run beside how; once, and empty as long as it has not ended.
  [[nodiscard]] std::optional<core::RunEnd> take_end(core::InstanceId id, core::Run run);
  /// What the ledger stores of the main process, so that it is found and proved again.
  [[nodiscard]] sys::ProcessIdentity identity_of(core::InstanceId id) const;

 private:
  [[nodiscard]] Instance& instance(core::InstanceId id);
  [[nodiscard]] Result<> start(core::InstanceId id, core::Run run);
  [[nodiscard]] Result<> take_over(core::InstanceId id, core::Run run);
  [[nodiscard]] Result<> prepare(core::InstanceId id, Instance& instance, const core::Service& service,
                                 const Outputs::Held& held);
  [[nodiscard]] Result<UniqueFd> open_input(core::InstanceId id, Instance& instance, const core::Service& service);
  [[nodiscard]] Result<> open_notify(core::InstanceId id, Instance& instance);
  void gone(core::InstanceId id, core::Run run);
  void expect_exit(core::InstanceId id, core::Run run, pid_t pid);
  void main_exited(core::InstanceId id, core::Run run, pid_t pid, const ExitStatus& status,
                   std::optional<core::RunEnd::Use> use);
  void notified(core::InstanceId id, const NotifyMessage& message, NotifySocket::Sender sender);
  void take_main_pid(core::InstanceId id, Pid pid);
  void find_daemon(core::InstanceId id, core::Run run);
  [[nodiscard]] std::unique_ptr<Probe> make_probe(core::InstanceId id, core::Run run);
  [[nodiscard]] static std::string cgroup_name(core::InstanceId id) { return std::to_string(id); }
  [[nodiscard]] RunMarks marks_of(core::InstanceId id) const;
  [[nodiscard]] std::string tag_of(core::InstanceId id, core::Run run) const;
  [[nodiscard]] bool is_stranger(pid_t pid, core::InstanceId id) const;
  [[nodiscard]] bool belongs_to_run(core::InstanceId id, Pid pid) const;
  void hold_process(core::InstanceId id, BorrowedFd fd);
  void release_process(core::InstanceId id);
  void forget_process(core::InstanceId id);
  /// What a run of this instance gets, but for its output.
  [[nodiscard]] Result<RunResources> resources_for(core::InstanceId id, core::Run run);

  Tools tools_;
  rlimit file_limit_;                    ///< Of our own.
  std::vector<Signal> changed_signals_;  ///< Of our own; since main nothing changes them.
  Leftovers leftovers_;
  std::vector<std::unique_ptr<Instance>> instances_;
  StdinSockets stdin_sockets_;
  UniqueFd null_device_;  ///< Opened when first needed.
};

}  // namespace foster::supervisor
