#include "sys/clone.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <span>
#include <utility>

#include "sys/child_program.hpp"
#include "sys/describe_failure.hpp"
#include "sys/facilities.hpp"
#include "sys/in_child.hpp"
#include "sys/raw_clone.hpp"
#include "sys/signals.hpp"
#include "sys/wait.hpp"

namespace foster::sys {
namespace {

/// Owns what the plan points at. The plan itself is all that the child sees.
struct Preparation {
  ChildPlan plan;
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<ChildFd> fds;
  std::vector<int> kept_fds;
  std::vector<ChildLimit> limits;
};

/// execve promises not to write to the strings that it takes as char*.
std::vector<char*> null_terminated(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

template <class Value, class Wanted>
ChildOption<Value> option(const std::optional<Wanted>& wanted) {
  return wanted ? ChildOption<Value>{true, static_cast<Value>(*wanted)} : ChildOption<Value>{};
}

Result<> check_request(const SpawnRequest& request) {
  if (request.program.empty() || request.argv.empty()) return failure("spawn", EINVAL, "no program");
  std::vector<int> targets;
  for (const FdMapping& mapping : request.fds) targets.push_back(mapping.target);
  std::ranges::sort(targets);
  if (!targets.empty() && targets.front() < 0) return failure("spawn", EINVAL, "negative target descriptor");
  if (std::ranges::adjacent_find(targets) != targets.end()) return failure("spawn", EINVAL, "one target twice");
  return {};
}

void prepare_fds(const SpawnRequest& request, Preparation& ready) {
  for (const FdMapping& mapping : request.fds) {
    ready.fds.push_back({mapping.source.get(), mapping.target, -1});
    ready.kept_fds.push_back(mapping.target);
    ready.plan.highest_target = std::max(ready.plan.highest_target, mapping.target);
  }
  std::ranges::sort(ready.kept_fds);
  ready.plan.fds = {ready.fds.data(), ready.fds.size()};
  ready.plan.kept_fds = {ready.kept_fds.data(), ready.kept_fds.size()};
  ready.plan.close_others = request.other_fds == OtherFds::close;
  ready.plan.close_by = preferred_close_by();
}

/// Lays the sources where the child's part of the table reaches.
Result<std::unique_ptr<FdLane::Load>> use_lane(const SpawnRequest& request, Preparation& ready) {
  const bool possible = request.lane != nullptr && request.other_fds == OtherFds::close &&
                        ready.plan.close_by == CloseBy::close_range && ready.fds.size() <= FdLane::kWidth;
  if (!possible) return nullptr;
  auto load = std::make_unique<FdLane::Load>(*request.lane, ready.fds.size());
  for (std::size_t i = 0; i < ready.fds.size(); ++i) {
    auto number = load->lay(i, request.fds[i].source);
    if (!number) {
      const auto index = static_cast<std::int32_t>(i);
      return Failure(describe_failure({ChildStep::descriptor, number.error().code, index}, request));
    }
    ready.fds[i].source = *number;
  }
  ready.plan.unshare_from = request.lane->end();
  return load;
}

std::uint64_t bits_of(const std::vector<Signal>& signals) {
  std::uint64_t bits = 0;
  for (const Signal signal : signals) bits |= std::uint64_t{1} << (signal.number() - 1);
  return bits;
}

void prepare_ids(const SpawnRequest& request, ChildPlan& plan) {
  plan.set_groups = request.groups.has_value();
  if (request.groups) plan.groups = {request.groups->data(), request.groups->size()};
  plan.gid = option<gid_t>(request.gid);
  plan.uid = option<uid_t>(request.uid);
}

void prepare(const SpawnRequest& request, Preparation& ready) {
  ChildPlan& plan = ready.plan;
  if (request.claim) {
    plan.claim_word = request.claim->word;
    plan.claim_expected = request.claim->expected;
  }
  if (request.changed_signals) plan.changed_signals = bits_of(*request.changed_signals);
  plan.ignored_signals = bits_of(request.ignored_signals);
  plan.session = request.session;
  plan.nice = option<int>(request.nice);
  plan.umask = option<mode_t>(request.umask);
  prepare_fds(request, ready);
  for (const LimitSetting& limit : request.limits) ready.limits.push_back({limit.resource, {limit.soft, limit.hard}});
  plan.limits = {ready.limits.data(), ready.limits.size()};
  prepare_ids(request, plan);
  if (request.parent_death_signal) {
    plan.parent_death_signal = request.parent_death_signal->number();
  }
  plan.no_new_privileges = request.new_privileges == NewPrivileges::never;
  plan.directory = request.directory.empty() ? nullptr : request.directory.c_str();
  plan.program = request.program.c_str();
  ready.argv = null_terminated(request.argv);
  ready.environment = null_terminated(request.environment);
  plan.argv = ready.argv.data();
  plan.environment = ready.environment.data();
}

FOSTER_IN_CHILD void child_body(void* plan) noexcept {
  run_child_program(*static_cast<ChildPlan*>(plan));
}

/// No process to be had is no question of how one asks: these come back as they are.
bool is_shortage(int error) {
  return error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
}

/// The clone, ready to be made by whichever process it will be a child of.
struct Attempt {
  CloneRequest clone;
  Preparation* ready;
  std::byte* stack;
  std::optional<BorrowedFd> cgroup;
};

/// The clone itself puts the child into its cgroup where it can; elsewhere the child moves there before it execs,
/// and reports what stands in the way better than the clone does.
CloneOutcome clone_with_cgroup(Attempt& attempt) noexcept {
  if (!attempt.cgroup) return clone_child(attempt.clone, attempt.stack);
  if (facility_allowed(Facility::clone_into_cgroup)) {
    CloneRequest into = attempt.clone;
    into.cgroup_fd = attempt.cgroup->get();
    CloneOutcome outcome = clone_child(into, attempt.stack);
    if (outcome.pid > 0 || is_shortage(outcome.error)) return outcome;
  }
  const UniqueFd procs(::openat(attempt.cgroup->get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
  if (!procs) {
    attempt.ready->plan.failure = {ChildStep::cgroup, errno, 0};
    return {-1, errno, UniqueFd()};
  }
  attempt.ready->plan.cgroup_procs_fd = procs.get();
  return clone_child(attempt.clone, attempt.stack);
}

Started start_child(Attempt& attempt) noexcept {
  ChildPlan& plan = attempt.ready->plan;
  const bool ours = (attempt.clone.flags & CLONE_PARENT) == 0;
  plan.expected_parent = ours ? ::getpid() : ::getppid();
  CloneOutcome outcome = clone_with_cgroup(attempt);
  if (outcome.pid > 0 && ours && plan.failure.step != ChildStep::none) {
    (void)await_exit(Pid(outcome.pid));  // empty when SIGCHLD is ignored: the kernel reaped it
  }
  return {outcome.pid, outcome.error, outcome.pidfd.release(), plan.failure};
}

/// What a process that lives for one clone is given. It shares our memory and our descriptors.
struct Intermediate {
  Attempt* attempt;
  Started started;
};

FOSTER_IN_CHILD void start_and_leave(void* argument) noexcept {
  auto& intermediate = *static_cast<Intermediate*>(argument);
  ChildPlan& plan = intermediate.attempt->ready->plan;
  // The session's leader is gone in a moment: whoever is left in it can never get a controlling terminal.
  if (plan.session == SessionMode::new_session) {
    (void)::syscall(SYS_setsid);  // cannot fail: a new process leads no group
    plan.session = SessionMode::keep;
  }
  intermediate.started = start_child(*intermediate.attempt);
  for (;;) ::syscall(SYS_exit_group, 0);
}

/// The double fork without a fork: the intermediate process ends, and leaves an orphan. Its end sends no signal, so
/// that nobody's wait(2) but ours can find it.
Started start_orphan(Attempt& attempt, std::byte* stack) noexcept {
  Intermediate intermediate{&attempt, {.pid = -1, .error = ECANCELED, .pidfd = -1, .failure = {}}};
  const CloneRequest clone{.flags = CLONE_FILES, .exit_signal = 0, .body = start_and_leave, .argument = &intermediate};
  const CloneOutcome outcome = clone_child(clone, stack);
  if (outcome.pid < 0) return {-1, outcome.error, -1, {}};
  (void)await_exit(Pid(outcome.pid));
  return intermediate.started;
}

Result<Started> start(const SpawnRequest& request, Attempt& attempt) {
  ChildStack second;
  const auto spare = request.parent == Parent::nobody ? second.bottom() : nullptr;
  if (!spare) return Failure(spare.error());
  // No handler of ours may run in the child, on our own memory.
  const ScopedSignalMask nothing_interrupts;
  if (request.start_elsewhere) return request.start_elsewhere([&attempt] { return start_child(attempt); });
  return *spare != nullptr ? start_orphan(attempt, *spare) : start_child(attempt);
}

}  // namespace

Result<Spawned> spawn(const SpawnRequest& request) {
  if (auto sound = check_request(request); !sound) return Failure(sound.error());
  Preparation ready;
  prepare(request, ready);
  const auto stack = ChildStack::of_this_thread().bottom();
  if (!stack) return Failure(stack.error());

  const auto load = use_lane(request, ready);
  if (!load) return Failure(load.error());

  const bool is_sibling = request.parent == Parent::grandparent;
  const std::uint64_t shared_table = *load ? CLONE_FILES : 0;
  Attempt attempt{.clone = {.flags = (is_sibling ? std::uint64_t{CLONE_PARENT} : 0U) | shared_table,
                            .exit_signal = is_sibling ? 0 : SIGCHLD,
                            .cgroup_fd = -1,
                            .body = child_body,
                            .argument = &ready.plan},
                  .ready = &ready,
                  .stack = *stack,
                  .cgroup = request.cgroup};
  const auto started = start(request, attempt);
  if (!started) return Failure(started.error());
  UniqueFd pidfd(started->pidfd);
  if (started->failure.step != ChildStep::none) return Failure(describe_failure(started->failure, request));
  if (started->pid < 0) return failure("clone", started->error, request.program);
  return Spawned{Pid(started->pid), std::move(pidfd)};
}

}  // namespace foster::sys
