// What of the executor concerns runs that it did not start itself: those of an earlier supervisor, and processes of
// others that were there before.
#include "supervisor/executor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/step.hpp"
#include "reaper/handover.hpp"
#include "reaper/wire.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {

Result<> Executor::take_over(core::InstanceId id, core::Run run) {
  Instance& it = instance(id);
  it.is_adoption_due = false;
  it.run = run;
  if (!it.process || !it.process->is_alive()) {
    forget_process(id);
    return failure("adopt", ESRCH, "process " + std::to_string(std::exchange(it.first_pid, it.main_pid = 0)));
  }
  const Pid pid = it.process->pid();
  expect_exit(id, run, it.main_pid);
  // An orphan below the reaper is its child, and its exit is told like any other.
  const auto stat = sys::read_stat(pid);
  if (!stat || stat->ppid != tools_.reaper.number()) watch_foreign(id);
  tools_.report(id, core::event::Spawned{run, pid});
  tools_.report(id, core::event::Ready{run, "it ran already"});
  return {};
}

void Executor::hold_process(core::InstanceId id, BorrowedFd fd) {
  const reaper::Slot message{
      .header = {reaper::kWireVersion, reaper::MessageKind::hold_process}, .slot = id, .reserved = 0};
  const BorrowedFd fds[] = {fd};
  (void)tools_.channel.send(bytes_of(message), fds);  // a full channel costs the guard of this one, nothing more
}

void Executor::release_process(core::InstanceId id) {
  const reaper::Slot message{
      .header = {reaper::kWireVersion, reaper::MessageKind::release_process}, .slot = id, .reserved = 0};
  (void)tools_.channel.send(bytes_of(message));
}

void Executor::adopt(core::InstanceId id, core::Run run, pid_t first_pid, pid_t main_pid,
                     std::optional<sys::ProcessHandle> process, const Outputs::Held& held) {
  Instance& it = instance(id);
  it.run = run;
  it.first_pid = first_pid;
  it.main_pid = main_pid;
  it.process = std::move(process);
  const core::Service& service = tools_.fleet().service_of(id);
  // What fails here fails again, and is told, at the next start; the run goes on without.
  if (tools_.cgroups != nullptr) {
    if (auto found = tools_.cgroups->find(cgroup_name(id))) it.cgroup = std::move(*found);
  }
  (void)prepare(id, it, service, held);
  if (service.stdin_socket) stdin_sockets_.take_up(id, *service.stdin_socket, it.process ? &*it.process : nullptr);
  it.cgroup_is_spent = it.cgroup.has_value();  // nobody remembers whether it was killed
  if (main_pid != 0) expect_exit(id, run, main_pid);
}

void Executor::bequeath(reaper::HeldFds& held) const {
  using Kind = reaper::HeldFds::Kind;
  const auto copy = [&](Kind kind, core::InstanceId id, BorrowedFd fd) {
    held.hold(reaper::HeldFds::place_of(kind, id), UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)));
  };
  for (core::InstanceId id = 0; id < instances_.size(); ++id) {
    const Instance* it = find(id);
    if (it == nullptr) continue;
    if (const Output* out = it->outputs.find(core::Stream::out)) copy(Kind::fifo, id, out->fd());
    if (const Output* err = it->outputs.find(core::Stream::err)) copy(Kind::stderr_fifo, id, err->fd());
    if (it->process) copy(Kind::process, id, it->process->fd());
  }
}

void Executor::watch_foreign(core::InstanceId id) {
  Instance& it = instance(id);
  it.is_foreign = true;
  // Its end is nobody's to tell: as long as somebody holds a pidfd, the kernel does.
  hold_process(id, it.process->fd());
  it.is_process_held = true;
  it.foreign = std::make_unique<ForeignEnd>(tools_.loop, *it.process,
                                            [this, id](const ExitStatus& status) { end_untold(id, status); });
}

void Executor::release_unless_foreign(core::InstanceId id) {
  const Instance* it = find(id);
  if (it == nullptr || !it->is_process_held) release_process(id);
}

void Executor::end_untold(core::InstanceId id, const ExitStatus& status) {
  Instance* it = find(id);
  if (it == nullptr) return;
  it->is_foreign = true;  // what it has left is not below the reaper either
  tools_.exits.forget(it->main_pid);
  main_exited(id, it->run, it->main_pid, status, {});  // what it used is told to its parent alone
}

void Executor::adopt_next(core::InstanceId id, sys::ProcessHandle process) {
  Instance& it = instance(id);
  // Known before the start is stored: a supervisor that is lost in between finds the process by its identity.
  it.run = tools_.fleet().instance(id).run() + 1;
  it.first_pid = it.main_pid = process.pid().number();
  it.process = std::move(process);
  it.is_foreign = true;
  it.is_adoption_due = true;
}

bool Executor::is_of_run(core::InstanceId id, core::Run run, Pid pid) const {
  if (sys::read_environment_variable(pid, kRunTag) == tag_of(id, run)) return true;
  if (tools_.cgroups != nullptr) {
    const auto group = tools_.cgroups->find(cgroup_name(id));
    const auto members = group ? group->pids() : Result<std::vector<Pid>>(std::vector<Pid>());
    if (members && std::ranges::binary_search(*members, pid)) return true;
  }
  // Programs that write over their environment are not rare; those that also give up their output are.
  struct stat fifo{};
  struct stat output{};
  const std::string path = "/proc/" + std::to_string(pid.number()) + "/fd/1";
  return ::fstatat(tools_.place.fifos.get(), fifo_name(id).c_str(), &fifo, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::stat(path.c_str(), &output) == 0 && fifo.st_dev == output.st_dev && fifo.st_ino == output.st_ino;
}

}  // namespace foster::supervisor
