#include <foster/spawn.hpp>

#include <cerrno>
#include <csignal>
#include <utility>

#include "lib/abandoned_children.hpp"
#include "lib/child_state.hpp"
#include "lib/guardian.hpp"
#include "lib/spawn_request.hpp"
#include "lib/tie_thread.hpp"
#include "sys/clone.hpp"
#include "sys/pidfd.hpp"

namespace foster {
namespace {

/// Starts it with the tie that the plan asks for; a guardian joins the reach.
Result<sys::Spawned> start(TieToParent tie, ReadyRequest& ready, ChildReach& reach) {
  switch (tie) {
    case TieToParent::none:
      return sys::spawn(ready.request);
    case TieToParent::process:
      ready.request.parent_death_signal = Signal::from_number(SIGKILL);
      return spawn_from_tie_thread(ready.request);
    case TieToParent::tree: {
      auto guarded = spawn_guarded(ready.request, ready.cgroup);
      if (!guarded) return Failure(guarded.error());
      reach.guardian = std::move(guarded->guardian);
      return std::move(guarded->spawned);
    }
  }
  return failure("spawn", EINVAL, "tie");
}

bool has_pipe(const SpawnPlan& plan) {
  for (const auto& [target, source] : plan.fds) {
    if (std::holds_alternative<PipeFd>(source)) return true;
  }
  return false;
}

}  // namespace

SpawnPlan command(std::vector<std::string> argv) {
  SpawnPlan plan;
  plan.argv = std::move(argv);
  return plan;
}

SpawnPlan shell(std::string line) {
  return command({"/bin/sh", "-c", std::move(line)});
}

Result<Child> spawn(const SpawnPlan& plan) {
  reap_abandoned_children();
  auto ready = make_ready(plan);
  if (!ready) return Failure(ready.error());
  ChildReach reach{.leads_group = plan.session != ChildSession::keep};
  auto spawned = start(plan.tie_to_parent, *ready, reach);
  if (!spawned) return Failure(spawned.error());
  reach.cgroup = std::move(ready->cgroup);
  auto process = sys::ProcessHandle::adopt(spawned->pid, std::move(spawned->pidfd));
  if (!process) return Failure(process.error());
  return ChildAccess::make(
      std::make_shared<ChildState>(std::move(*process), std::move(reach), std::move(ready->pipes)));
}

Result<DetachedProcess> spawn_detached(const SpawnPlan& plan) {
  if (has_pipe(plan)) return failure("spawn", EINVAL, "a pipe to nobody");
  if (plan.tie_to_parent != TieToParent::none) return failure("spawn", EINVAL, "a tie to nobody");
  auto ready = make_ready(plan);
  if (!ready) return Failure(ready.error());
  ready->request.parent = sys::Parent::nobody;
  auto spawned = sys::spawn(ready->request);
  if (!spawned) return Failure(spawned.error());
  return DetachedProcess{spawned->pid, std::move(spawned->pidfd)};
}

}  // namespace foster
