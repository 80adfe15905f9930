#include "sys/clone.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <span>
#include <utility>

#include "sys/check.hpp"
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
  UniqueFd cgroup_procs;
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
  plan.session = request.session;
  plan.nice = option<int>(request.nice);
  plan.umask = option<mode_t>(request.umask);
  prepare_fds(request, ready);
  for (const LimitSetting& limit : request.limits) ready.limits.push_back({limit.resource, {limit.soft, limit.hard}});
  plan.limits = {ready.limits.data(), ready.limits.size()};
  prepare_ids(request, plan);
  if (request.parent_death_signal) {
    plan.parent_death_signal = request.parent_death_signal->number();
    plan.expected_parent = request.parent == Parent::self ? ::getpid() : ::getppid();
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

/// The clone itself puts the child into its cgroup where it can; elsewhere the child moves there before it execs,
/// and reports what stands in the way better than the clone does.
Result<CloneOutcome> clone_with_cgroup(CloneRequest& clone, const BorrowedFd& cgroup, Preparation& ready,
                                       std::byte* stack) {
  if (facility_allowed(Facility::clone_into_cgroup)) {
    clone.cgroup_fd = cgroup.get();
    CloneOutcome outcome = clone_child(clone, stack);
    if (outcome.pid > 0 || is_shortage(outcome.error)) return outcome;
    clone.cgroup_fd = -1;
  }
  auto procs = check(::openat(cgroup.get(), "cgroup.procs", O_WRONLY | O_CLOEXEC), "cgroup");
  if (!procs) return Failure(procs.error());
  ready.cgroup_procs.reset(*procs);
  ready.plan.cgroup_procs_fd = ready.cgroup_procs.get();
  return clone_child(clone, stack);
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

  const bool ours = request.parent == Parent::self;
  const std::uint64_t shared_table = *load ? CLONE_FILES : 0;
  CloneRequest clone{.flags = (ours ? 0U : std::uint64_t{CLONE_PARENT}) | shared_table,
                     .exit_signal = ours ? SIGCHLD : 0,
                     .cgroup_fd = -1,
                     .body = child_body,
                     .argument = &ready.plan};
  // No handler of ours may run in the child, on our own memory.
  Result<CloneOutcome> outcome = [&] {
    const ScopedSignalMask nothing_interrupts;
    return request.cgroup ? clone_with_cgroup(clone, *request.cgroup, ready, *stack)
                          : Result<CloneOutcome>(clone_child(clone, *stack));
  }();
  if (!outcome) return Failure(outcome.error());
  if (outcome->pid < 0) return failure("clone", outcome->error, request.program);
  if (ready.plan.failure.step != ChildStep::none) {
    if (ours) (void)await_exit(Pid(outcome->pid));  // empty when SIGCHLD is ignored: the kernel reaped it
    return Failure(describe_failure(ready.plan.failure, request));
  }
  return Spawned{Pid(outcome->pid), std::move(outcome->pidfd)};
}

}  // namespace foster::sys
