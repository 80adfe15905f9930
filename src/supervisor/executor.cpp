#include "supervisor/executor.hpp"

#include <fcntl.h>

#include <utility>

#include "core/step.hpp"
#include "supervisor/probes.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/signals.hpp"

namespace foster::supervisor {
namespace {

// A start leaves as many descriptors free: clients, the journal and a look at a process need a few.
constexpr rlim_t kReserved = 32;

/// While it lives, no descriptor is opened that is one of the last.
class LeaveSomeFree {
 public:
  explicit LeaveSomeFree(const rlimit& most) : most_(most) {
    if (most_.rlim_cur <= 2 * kReserved) return;
    const rlimit lowered{most_.rlim_cur - kReserved, most_.rlim_max};
    (void)::setrlimit(RLIMIT_NOFILE, &lowered);  // lowering the soft limit is always allowed
  }
  ~LeaveSomeFree() { (void)::setrlimit(RLIMIT_NOFILE, &most_); }
  LeaveSomeFree(const LeaveSomeFree&) = delete;
  LeaveSomeFree& operator=(const LeaveSomeFree&) = delete;

 private:
  rlimit most_;
};

rlimit limit_of_open_files() {
  rlimit found{};
  (void)::getrlimit(RLIMIT_NOFILE, &found);  // cannot fail
  return found;
}

core::RunEnd::Use use_of(const reaper::Exited& exited) {
  // Until it executed its program it shared our memory, and the kernel counts that peak as its own: only what is more
  // says something of it.
  rusage ours{};
  (void)::getrusage(RUSAGE_SELF, &ours);
  const auto peak = exited.max_resident_kilobytes > ours.ru_maxrss
                        ? std::optional(static_cast<std::uint64_t>(exited.max_resident_kilobytes) * 1024)
                        : std::nullopt;
  return {.user_time = std::chrono::microseconds(exited.user_microseconds),
          .system_time = std::chrono::microseconds(exited.system_microseconds),
          .most_resident_bytes = peak};
}

}  // namespace

Executor::Executor(Tools tools)
    : tools_(std::move(tools)),
      file_limit_(limit_of_open_files()),
      changed_signals_(sys::changed_signals()),
      leftovers_(tools_.loop, tools_.reaper,
                 {.gone = [this](core::InstanceId id, core::Run run) { gone(id, run); },
                  .main_exit_is_due =
                      [this](core::InstanceId id) {
                        const Instance* it = find(id);
                        return it != nullptr && it->main_pid != 0 && tools_.exits.is_expected(it->main_pid);
                      },
                  .is_stranger = [this](pid_t pid, core::InstanceId id) { return is_stranger(pid, id); }}),
      stdin_sockets_(tools_.listeners) {}

Executor::~Executor() = default;

Instance* Executor::find(core::InstanceId id) {
  return id < instances_.size() ? instances_[id].get() : nullptr;
}

const Instance* Executor::find(core::InstanceId id) const {
  return id < instances_.size() ? instances_[id].get() : nullptr;
}

Instance& Executor::instance(core::InstanceId id) {
  if (id >= instances_.size()) instances_.resize(id + 1);
  if (!instances_[id]) {
    const Outputs::Tools tools{
        .loop = tools_.loop, .place = tools_.place, .channel = tools_.channel, .tap = tools_.tap};
    instances_[id] = std::make_unique<Instance>(tools, id);
  }
  return *instances_[id];
}

void Executor::perform(const core::action::Spawn& spawn) {
  const LeaveSomeFree reserve(file_limit_);
  if (auto started = start(spawn.id, spawn.run); !started) {
    tools_.ledger.clear(spawn.id);
    stdin_sockets_.give_back(spawn.id);
    instance(spawn.id).outputs.give_up_start();
    tools_.report(spawn.id, core::event::SpawnFailed{spawn.run, to_string(started.error())});
  }
}

Result<> Executor::start(core::InstanceId id, core::Run run) {
  const core::Service& service = tools_.fleet().service_of(id);
  Instance& it = instance(id);
  it.outputs.begin_start();
  if (it.is_adoption_due) return take_over(id, run);
  it.run = run;
  forget_process(id);
  it.first_pid = it.main_pid = 0;
  it.status.clear();
  it.probe.reset();
  it.is_foreign = false;
  // The old run's bytes come before the new one's.
  it.outputs.drain();
  it.outputs.begin_run();
  it.end.reset();
  if (auto prepared = prepare(id, it, service, {}); !prepared) return prepared;

  auto resources = resources_for(id, run);
  if (!resources) return Failure(resources.error());
  if (it.notify) resources->facts.notify_socket = it.notify->address();
  if (auto lent = it.outputs.lend(service, *resources); !lent) return lent;
  if (service.stdin_pipe || service.stdin_socket) {
    auto end = open_input(id, it, service);
    if (!end) return Failure(end.error());
    resources->input = std::move(*end);
  }
  if (const auto* ready = std::get_if<core::ReadyFd>(&service.ready.how)) {
    auto end = open_ready_fifo(tools_.place.fifos, fifo_name(id));
    if (!end) return Failure(end.error());
    resources->ready = std::move(*end);
    resources->ready_number = ready->number;
  }
  auto plan = plan_run(service, std::move(*resources));
  if (!plan) return Failure(plan.error());
  if (it.cgroup) plan->request.cgroup = it.cgroup->fd();
  plan->request.lane = tools_.lane;
  plan->request.changed_signals = changed_signals_;
  plan->request.claim = sys::ClaimTicket{tools_.ledger.claim_word(id), tools_.ledger.publish(id)};

  auto spawned = sys::spawn(plan->request);
  if (!spawned) {
    // Somebody may have removed the group: the next try makes a new one.
    it.cgroup_is_spent = it.cgroup.has_value();
    return Failure(spawned.error());
  }
  auto process = sys::ProcessHandle::adopt(spawned->pid, std::move(spawned->pidfd));
  if (!process) return Failure(process.error());
  it.first_pid = it.main_pid = spawned->pid.number();
  it.process = std::move(*process);
  expect_exit(id, run, it.first_pid);
  tools_.report(id, core::event::Spawned{run, spawned->pid});
  return {};
}

Result<RunResources> Executor::resources_for(core::InstanceId id, core::Run run) {
  if (!null_device_) {
    auto opened = sys::open_file("/dev/null", O_RDWR | O_NOCTTY);
    if (!opened) return Failure(opened.error());
    null_device_ = std::move(*opened);
  }
  return RunResources{.facts = {.foster = tools_.foster,
                                .index = tools_.fleet().instance(id).index(),
                                .run = run,
                                .tag = tag_of(id, run),
                                .notify_socket = {}},
                      .null_device = null_device_,
                      .open_files = tools_.open_files};
}

Result<> Executor::prepare(core::InstanceId id, Instance& it, const core::Service& service, const Outputs::Held& held) {
  const bool is_running = it.process && it.process->is_alive();
  const auto writer = is_running ? std::optional(it.process->pid()) : std::nullopt;
  if (auto opened = it.outputs.prepare(service, tools_.fleet().instance(id).index(), writer, held); !opened)
    return opened;
  const bool wants_notify = std::holds_alternative<core::ReadyNotify>(service.ready.how);
  if (wants_notify && !it.notify) {
    if (auto opened = open_notify(id, it); !opened) return opened;
  }
  if (!wants_notify) it.notify.reset();
  if (it.cgroup && it.cgroup_is_spent) {
    // Linux kills what is cloned into a group that was once killed with cgroup.kill (seen on 6.18).
    (void)it.cgroup->remove();
    it.cgroup.reset();
    it.cgroup_is_spent = false;
  }
  if (tools_.cgroups != nullptr && !it.cgroup) {
    // Without a group of its own a run is still found by its marks.
    if (auto made = tools_.cgroups->make(cgroup_name(id))) it.cgroup = std::move(*made);
  }
  return {};
}

void Executor::forget_process(core::InstanceId id) {
  Instance& it = instance(id);
  it.foreign.reset();
  it.process.reset();
  if (std::exchange(it.is_process_held, false)) release_process(id);
}

void Executor::perform(const core::action::SendSignal& send) {
  const Instance* it = find(send.id);
  if (it == nullptr || it->run != send.run || !it->process) return;
  // ESRCH: its exit is on the way.
  (void)(send.target == core::StopTarget::group ? it->process->signal_group(send.signal)
                                                : it->process->signal(send.signal));
}

Result<> Executor::send_signal(core::InstanceId id, Signal signal) const {
  const Instance* it = find(id);
  if (it == nullptr || !it->process) return failure("signal", ESRCH);
  return it->process->signal(signal);
}

void Executor::perform(const core::action::KillRest& kill) {
  Instance& it = instance(kill.id);
  if (it.process) (void)it.process->signal(*Signal::from_number(SIGKILL));  // ESRCH: it has just ended
  const auto found = leftovers_.kill(
      {.id = kill.id, .run = kill.run, .marks = marks_of(kill.id), .cgroup = it.cgroup ? &*it.cgroup : nullptr});
  it.cgroup_is_spent |= found == Leftovers::Found::processes;
}

void Executor::perform(const core::action::Retire& retire) {
  leftovers_.forget(retire.id);
  if (Instance* it = find(retire.id)) {
    forget_process(retire.id);
    it->outputs.release();
    if (it->cgroup) (void)it->cgroup->remove();  // EBUSY: found again when the slot is reused
    instances_[retire.id].reset();
  }
  remove_fifos(tools_.place.fifos, retire.id);
  tools_.ledger.clear(retire.id);
  (void)tools_.ledger.erase(retire.id);
}

void Executor::update(core::InstanceId id) {
  if (Instance* it = find(id)) it->outputs.update(tools_.fleet().service_of(id));
}

void Executor::reopen_logs() {
  for (const auto& it : instances_) {
    if (it) it->outputs.reopen();
  }
}

Result<> Executor::clear_logs(core::InstanceId id) {
  Instance& it = instance(id);
  const core::Service& service = tools_.fleet().service_of(id);
  // What runs writes where it did when it was started; of others, the logs are those of the next run.
  if (!it.process) {
    if (auto opened = it.outputs.prepare(service, tools_.fleet().instance(id).index(), std::nullopt); !opened)
      return opened;
  }
  return it.outputs.clear();
}

// The claim goes first: a later run that is lost before it claims must not find this one's pid.
void Executor::gone(core::InstanceId id, core::Run run) {
  tools_.ledger.clear(id);
  stdin_sockets_.give_back(id);
  tools_.report(id, core::event::Gone{run});
}

void Executor::expect_exit(core::InstanceId id, core::Run run, pid_t pid) {
  tools_.exits.expect(pid, [this, id, run](const reaper::Exited& exited) {
    main_exited(id, run, exited.pid, exit_status_from_wait(exited.wait_status), use_of(exited));
  });
}

void Executor::main_exited(core::InstanceId id, core::Run run, pid_t pid, const ExitStatus& status,
                           std::optional<core::RunEnd::Use> use) {
  Instance* it = find(id);
  if (it == nullptr || it->run != run) return;
  // Its last words come first.
  if (it->notify) it->notify->drain();
  it->outputs.drain();
  const bool is_launcher = tools_.fleet().service_of(id).type == core::ServiceType::forking && pid == it->first_pid &&
                           it->main_pid == it->first_pid && is_success(status);
  if (!is_launcher) it->outputs.end_run();  // its daemon writes on
  it->end = core::RunEnd{.use = use, .last_output = it->outputs.last_words()};
  forget_process(id);
  if (is_launcher && tools_.fleet().instance(id).state() == core::State::starting) find_daemon(id, run);
  tools_.exits.count_as_applied();
  tools_.report(id, core::event::MainExited{run, status, Pid(pid)});
  leftovers_.look_again();
}

std::optional<core::RunEnd> Executor::take_end(core::InstanceId id, core::Run run) {
  Instance* it = find(id);
  if (it == nullptr || it->run != run) return std::nullopt;
  return std::exchange(it->end, std::nullopt);
}

RunMarks Executor::marks_of(core::InstanceId id) const {
  const Instance* it = find(id);
  if (it == nullptr) return {};
  return {
      .tag = tag_of(id, it->run), .first_pid = it->first_pid, .main_pid = it->main_pid, .is_foreign = it->is_foreign};
}

std::string Executor::tag_of(core::InstanceId id, core::Run run) const {
  return tools_.run_stamp + "/" + std::to_string(id) + "/" + std::to_string(run);
}

sys::ProcessIdentity Executor::identity_of(core::InstanceId id) const {
  const Instance* it = find(id);
  if (it == nullptr || !it->process) return {};
  return it->process->cheap_identity();
}

}  // namespace foster::supervisor
