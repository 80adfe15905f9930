#include "supervisor/leftovers.hpp"

#include <algorithm>
#include <utility>

#include "sys/clock.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

// Ends are told by the reaper; this is for processes whose parent lives on and reaps them itself.
constexpr auto kLookAgain = 20ms;
const Signal kKill = *Signal::from_number(SIGKILL);

}  // namespace

Leftovers::Leftovers(Loop& loop, Pid reaper, Callbacks callbacks)
    : reaper_(reaper), callbacks_(std::move(callbacks)), timer_(loop, [this] { look_again(); }) {}

Leftovers::Found Leftovers::kill(Scope scope) {
  forget(scope.id);
  if (nothing_is_left(scope)) {
    callbacks_.gone(scope.id, scope.run);
    return Found::nothing;
  }
  kill_what_is_there(scope);
  pending_.push_back(std::move(scope));
  arm();
  return Found::processes;
}

void Leftovers::forget(core::InstanceId id) {
  std::erase_if(pending_, [id](const Scope& scope) { return scope.id == id; });
}

void Leftovers::look_again() {
  if (pending_.empty()) return;
  std::vector<Scope> gone;
  for (Scope& scope : std::exchange(pending_, {})) {
    if (nothing_is_left(scope)) {
      gone.push_back(std::move(scope));
    } else {
      kill_what_is_there(scope);
      pending_.push_back(std::move(scope));
    }
  }
  arm();
  for (const Scope& scope : gone) callbacks_.gone(scope.id, scope.run);
}

bool Leftovers::nothing_is_left(const Scope& scope) const {
  if (callbacks_.main_exit_is_due(scope.id)) return false;
  if (scope.cgroup != nullptr) {
    const auto populated = scope.cgroup->is_populated();
    if (populated) return !*populated;
  }
  // Whatever lost its last ancestor of the run is a child of the reaper by now. When all of those
  // are accounted for, nothing is left, and /proc need not be walked.
  const auto is_stranger = [&](pid_t pid) { return callbacks_.is_stranger(pid, scope.id); };
  if (!scope.marks.is_foreign &&
      std::ranges::all_of(sys::children_of(reaper_), [&](Pid child) { return is_stranger(child.number()); })) {
    return true;
  }
  return find_run_processes(reaper_, scope.marks, is_stranger).empty();
}

void Leftovers::kill_what_is_there(const Scope& scope) const {
  if (scope.cgroup != nullptr && scope.cgroup->kill()) return;
  // Whoever was born between being looked for and being killed is found by the next look: a child of a
  // killed process carries the same marks.
  const auto found =
      find_run_processes(reaper_, scope.marks, [&](pid_t pid) { return callbacks_.is_stranger(pid, scope.id); });
  for (const sys::ProcessIdentity& identity : found) {
    // ESRCH: ended since.
    if (const auto process = sys::ProcessHandle::open(identity)) (void)process->signal(kKill);
  }
}

void Leftovers::arm() {
  if (pending_.empty()) {
    timer_.cancel();
  } else {
    timer_.arm(core::Instant(sys::monotonic_now() + kLookAgain));
  }
}

}  // namespace foster::supervisor
