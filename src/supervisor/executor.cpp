#include "supervisor/executor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>
#include <utility>

#include "core/command_line.hpp"
#include "reaper/handover.hpp"
#include "supervisor/daemon_finder.hpp"
#include "supervisor/probes.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

std::string cgroup_name(core::InstanceId id) {
  return std::to_string(id);
}

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

template <class Message>
std::span<const std::byte> bytes_of(const Message& message) {
  return std::as_bytes(std::span(&message, 1));
}

}  // namespace

Executor::Executor(Tools tools)
    : tools_(std::move(tools)),
      file_limit_(limit_of_open_files()),
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

Result<RunResources> Executor::resources_for(core::InstanceId id, core::Run run) {
  if (!null_device_) {
    auto opened = sys::open_file("/dev/null", O_RDWR | O_NOCTTY);
    if (!opened) return Failure(opened.error());
    null_device_ = std::move(*opened);
  }
  return RunResources{.facts = {.foster = tools_.foster,
                                .index = tools_.fleet().view(id).index,
                                .run = run,
                                .tag = tag_of(id, run),
                                .notify_socket = {}},
                      .null_device = null_device_,
                      .open_files = tools_.open_files};
}

Result<> Executor::prepare(core::InstanceId id, Instance& it, const core::Service& service, const Outputs::Held& held) {
  const bool is_running = it.process && it.process->is_alive();
  const auto writer = is_running ? std::optional(it.process->pid()) : std::nullopt;
  if (auto opened = it.outputs.prepare(service, tools_.fleet().view(id).index, writer, held); !opened) return opened;
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

void Executor::forget_process(core::InstanceId id) {
  Instance& it = instance(id);
  it.foreign.reset();
  it.process.reset();
  if (std::exchange(it.is_process_held, false)) release_process(id);
}

Result<> Executor::open_notify(core::InstanceId id, Instance& it) {
  auto socket = NotifySocket::open(
      tools_.loop, "foster/" + tools_.run_stamp + "/" + std::to_string(id),
      [this, id](const NotifyMessage& message, NotifySocket::Sender sender) { notified(id, message, sender); });
  if (!socket) return Failure(socket.error());
  it.notify = std::move(*socket);
  return {};
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
    if (auto opened = it.outputs.prepare(service, tools_.fleet().view(id).index, std::nullopt); !opened) return opened;
  }
  return it.outputs.clear();
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
  it.run = tools_.fleet().view(id).run + 1;
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
  if (is_launcher && tools_.fleet().view(id).state == core::State::starting) find_daemon(id, run);
  tools_.exits.count_as_applied();
  tools_.report(id, core::event::MainExited{run, status, Pid(pid)});
  leftovers_.look_again();
}

std::optional<core::RunEnd> Executor::take_end(core::InstanceId id, core::Run run) {
  Instance* it = find(id);
  if (it == nullptr || it->run != run) return std::nullopt;
  return std::exchange(it->end, std::nullopt);
}

void Executor::find_daemon(core::InstanceId id, core::Run run) {
  Instance& it = instance(id);
  const core::Service& service = tools_.fleet().service_of(id);
  DaemonSearch search{.reaper = tools_.reaper,
                      .marks = marks_of(id),
                      .pidfile = core::expand_text(service, tools_.fleet().view(id).index, service.pidfile),
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

RunMarks Executor::marks_of(core::InstanceId id) const {
  const Instance* it = find(id);
  if (it == nullptr) return {};
  return {
      .tag = tag_of(id, it->run), .first_pid = it->first_pid, .main_pid = it->main_pid, .is_foreign = it->is_foreign};
}

std::string Executor::tag_of(core::InstanceId id, core::Run run) const {
  return tools_.run_stamp + "/" + std::to_string(id) + "/" + std::to_string(run);
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

sys::ProcessIdentity Executor::identity_of(core::InstanceId id) const {
  const Instance* it = find(id);
  if (it == nullptr || !it->process) return {};
  return it->process->cheap_identity();
}

}  // namespace foster::supervisor
