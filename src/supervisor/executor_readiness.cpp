// What of the executor concerns the time until a run is ready, and what its processes say of themselves.
#include "supervisor/executor.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "core/command_line.hpp"
#include "core/step.hpp"
#include "supervisor/daemon_finder.hpp"
#include "supervisor/probes.hpp"
#include "sys/clock.hpp"

namespace foster::supervisor {

Result<> Executor::open_notify(core::InstanceId id, Instance& it) {
  auto socket = NotifySocket::open(
      tools_.loop, "foster/" + tools_.run_stamp + "/" + std::to_string(id),
      [this, id](const NotifyMessage& message, NotifySocket::Sender sender) { notified(id, message, sender); });
  if (!socket) return Failure(socket.error());
  it.notify = std::move(*socket);
  return {};
}

void Executor::perform(const core::action::WatchReadiness& watch) {
  Instance& it = instance(watch.id);
  const core::Service& service = tools_.fleet().service_of(watch.id);
  if (service.type == core::ServiceType::forking) {
    // Asked again after a recovery, when the launcher may be gone already.
    if (!it.process && !it.probe) find_daemon(watch.id, watch.run);
    return;
  }
  it.probe = make_probe(watch.id, watch.run);
}

void Executor::perform(const core::action::ForgetReadiness& forget) {
  if (Instance* it = find(forget.id)) it->probe.reset();
}

void Executor::find_daemon(core::InstanceId id, core::Run run) {
  Instance& it = instance(id);
  const core::Service& service = tools_.fleet().service_of(id);
  DaemonSearch search{.reaper = tools_.reaper,
                      .marks = marks_of(id),
                      .pidfile = core::expand_text(service, tools_.fleet().instance(id).index(), service.pidfile),
                      .is_stranger = [this, id](pid_t pid) { return is_stranger(pid, id); },
                      .is_in_cgroup = {}};
  if (it.cgroup) {
    search.is_in_cgroup = [this, id](pid_t pid) {
      const Instance* owner = find(id);
      if (owner == nullptr || !owner->cgroup) return false;
      const auto members = owner->cgroup->pids();
      return members && std::ranges::binary_search(*members, Pid(pid));
    };
  }
  it.probe = std::make_unique<DaemonFinder>(
      tools_.loop, std::move(search),
      [this, id, run](Pid pid, std::string how) {
        // The finder goes with the report of readiness; what it gave is kept.
        take_main_pid(id, pid);
        tools_.report(id, core::event::Ready{run, std::move(how)});
      },
      [this, id, run](std::string why) { tools_.report(id, core::event::NotReady{run, std::move(why)}); });
}

void Executor::take_main_pid(core::InstanceId id, Pid pid) {
  Instance& it = instance(id);
  auto process = sys::ProcessHandle::open(pid);
  if (!process) return;  // ended since: its exit, or the end of the search, tells
  if (it.process && it.process->pid() != pid) tools_.exits.forget(it.process->pid().number());
  const bool is_foreign = it.foreign != nullptr;
  it.foreign.reset();
  it.process = std::move(*process);
  it.main_pid = pid.number();
  expect_exit(id, it.run, it.main_pid);
  if (is_foreign) watch_foreign(id);
  tools_.report(id, core::event::MainPid{it.run, pid});
}

void Executor::notified(core::InstanceId id, const NotifyMessage& message, NotifySocket::Sender sender) {
  Instance* it = find(id);
  if (it == nullptr || it->run == 0) return;
  // The main process is believed at once; anybody else must be proved to belong to the run.
  const bool is_main = it->process && it->process->pid().number() == sender.pid;
  if (!is_main && !belongs_to_run(id, Pid(sender.pid))) return;
  const core::Run run = it->run;
  if (message.status) it->status = *message.status;
  if (message.main_pid && message.main_pid->number() != it->main_pid && belongs_to_run(id, *message.main_pid)) {
    take_main_pid(id, *message.main_pid);
  }
  if (message.extend_timeout) {
    const core::Instant until(sys::monotonic_now() + *message.extend_timeout);
    tools_.report(id, core::event::ExtendTimeout{run, until});
  }
  if (message.watchdog_period) tools_.report(id, core::event::WatchdogPing{run, *message.watchdog_period});
  if (message.watchdog) tools_.report(id, core::event::WatchdogPing{run, core::Duration::zero()});
  if (message.stopping) tools_.report(id, core::event::Stopping{run});
  if (message.ready) tools_.report(id, core::event::Ready{run, "READY=1"});
}

std::unique_ptr<Probe> Executor::make_probe(core::InstanceId id, core::Run run) {
  Instance& it = instance(id);
  const core::Service& service = tools_.fleet().service_of(id);
  ProbeTools probe_tools{
      .loop = tools_.loop,
      .fifos = tools_.place.fifos,
      .fifo_name = fifo_name(id),
      .output = it.outputs.find(core::Stream::out),
      .spawn_helper = [this, id, run](const std::vector<std::string>& argv,
                                      std::function<void(ExitStatus)> done) -> Result<Pid> {
        auto resources = resources_for(id, run);
        if (!resources) return Failure(resources.error());
        auto plan = plan_helper(tools_.fleet().service_of(id), argv, std::move(*resources));
        if (!plan) return Failure(plan.error());
        if (Instance* owner = find(id); owner != nullptr && owner->cgroup) plan->request.cgroup = owner->cgroup->fd();
        plan->request.lane = tools_.lane;
        auto spawned = sys::spawn(plan->request);
        if (!spawned) return Failure(spawned.error());
        tools_.exits.expect(spawned->pid.number(), [done = std::move(done)](const reaper::Exited& exited) {
          done(exit_status_from_wait(exited.wait_status));
        });
        return spawned->pid;
      },
      .ready = [this, id, run](std::string how) { tools_.report(id, core::event::Ready{run, std::move(how)}); }};
  return foster::supervisor::make_probe(service.ready, std::move(probe_tools));
}

bool Executor::is_stranger(pid_t pid, core::InstanceId id) const {
  if (pid == ::getpid()) return true;
  const Instance* it = find(id);
  const bool is_ours = it != nullptr && (pid == it->first_pid || pid == it->main_pid);
  return !is_ours && tools_.exits.is_expected(pid);
}

bool Executor::belongs_to_run(core::InstanceId id, Pid pid) const {
  const Instance* it = find(id);
  if (it == nullptr) return false;
  if (it->cgroup) {
    const auto members = it->cgroup->pids();
    if (members && std::ranges::binary_search(*members, pid)) return true;
  }
  return is_run_process(tools_.reaper, marks_of(id), pid, [this, id](pid_t other) { return is_stranger(other, id); });
}

}  // namespace foster::supervisor
