#include "core/invariants.hpp"

#include <algorithm>
#include <cstring>

#include "core/restart_policy.hpp"

namespace foster::core {
namespace {

void report(Violations& found, unsigned invariant, std::string text) {
  found.push_back({invariant, std::move(text)});
}

std::string seen(const InstanceView& view) {
  return view.name + " is " + std::string(to_string(view.state)) + " (" + to_string(view.cause) + ")";
}

bool is_member(const Fleet& fleet, const InstanceView& view) {
  return std::ranges::any_of(fleet.model().services, [&](const Service& service) {
    return service.name == view.service && view.index < service.workers;
  });
}

std::vector<InstanceView> members_of(const Fleet& fleet, const std::string& service) {
  std::vector<InstanceView> views;
  for (const InstanceId id : fleet.ids()) {
    if (fleet.service_of(id).name != service) continue;
    if (InstanceView view = fleet.view(id); is_member(fleet, view)) views.push_back(std::move(view));
  }
  return views;
}

}  // namespace

bool provides(const Fleet& fleet, const InstanceView& view) {
  if (view.state == State::running) return true;
  const bool is_done =
      view.exit && is_success_of(fleet.service_of(view.id), *view.exit) && view.cause.detail != "before it was ready";
  return view.state == State::exited && is_done;
}

namespace {

// The reason a waiting instance names is the state of somebody it depends on.
bool reason_is_true(const Fleet& fleet, const InstanceView& view) {
  if (view.cause.kind != CauseKind::dependency) return false;
  const Service& service = fleet.service_of(view.id);
  for (const auto* list : {&service.needs, &service.after}) {
    for (const std::string& name : *list) {
      for (const InstanceView& other : members_of(fleet, name)) {
        const std::string reason = other.name + ": " + std::string(to_string(other.state));
        if (!provides(fleet, other) && (view.cause.detail == reason || view.cause.detail.starts_with(reason + ": ")))
          return true;
      }
    }
  }
  return false;
}

void check_not_forgotten(const Fleet& fleet, const InstanceView& view, Violations& found) {
  const auto next = fleet.next_deadline();
  if (view.deadline && (!next || *next > *view.deadline)) report(found, 4, seen(view) + ", and no alarm is set for it");
  const auto forgotten = [&](const char* what) { report(found, 4, seen(view) + what); };
  switch (view.state) {
    case State::stopped:
      if (view.wanted) forgotten(", and is wanted");
      return;
    case State::waiting:
      if (!reason_is_true(fleet, view)) forgotten(", which is not true");
      return;
    case State::backoff:
      if (!view.deadline) forgotten(" without a next try");
      return;
    case State::exited:
    case State::failed:
      if (view.cause.kind == CauseKind::none) forgotten(" without a cause");
      return;
    case State::starting:
    case State::running:
    case State::stopping:
      return;
  }
}

const RunFacts* current_run(const WorldFacts& facts, const InstanceView& view) {
  const auto found =
      std::ranges::find_if(facts.runs, [&](const RunFacts& run) { return run.id == view.id && run.run == view.run; });
  return found == facts.runs.end() ? nullptr : &*found;
}

void check_spawn(const Fleet& fleet, const action::Spawn& spawn, const WorldFacts& facts, Instant now,
                 Violations& found) {
  const InstanceView view = fleet.view(spawn.id);
  const Service& service = fleet.service_of(spawn.id);
  for (const RunFacts& run : facts.runs) {
    if (run.id != spawn.id || run.run >= spawn.run || run.gone_was_told) continue;
    report(found, 8, view.name + " begins a run before the end of the last one was told");
  }
  if (service.limit && spawn.id < facts.failures.size()) {
    const auto counts = std::ranges::count_if(facts.failures[spawn.id],
                                              [&](Instant failure) { return now - failure <= service.limit->within; });
    if (static_cast<std::size_t>(counts) > service.limit->count) {
      report(found, 5, view.name + " is restarted after " + std::to_string(counts) + " failures");
    }
  }
  if (service.start_retries && spawn.id < facts.failed_starts.size() &&
      facts.failed_starts[spawn.id] > *service.start_retries) {
    report(found, 5,
           view.name + " is started again after " + std::to_string(facts.failed_starts[spawn.id]) +
               " failed starts in a row");
  }
  for (const std::string& name : service.needs) {
    for (const InstanceView& needed : members_of(fleet, name)) {
      if (!provides(fleet, needed)) report(found, 6, view.name + " is spawned although " + seen(needed));
    }
  }
}

// Ordered, as against a failure, which ends a run whoever needs it.
bool is_by_order(const Cause& cause) {
  switch (cause.kind) {
    case CauseKind::requested:
    case CauseKind::dependency:
    case CauseKind::definition_changed:
    case CauseKind::shutdown:
    case CauseKind::essential_failed:
      return true;
    default:
      return false;
  }
}

void check_signal(const Fleet& fleet, const action::SendSignal& signal, const WorldFacts& facts, Violations& found) {
  const InstanceView view = fleet.view(signal.id);
  const RunFacts* run = current_run(facts, view);
  if (signal.run != view.run || run == nullptr || !run->main) {
    report(found, 7, view.name + " is signalled, but its main process has ended: " + seen(view));
  }
  if (run != nullptr && run->was_signalled) return;  // once more, after the supervisor was lost
  if (!is_by_order(view.cause) || facts.everything_is_killed || !is_member(fleet, view)) return;
  for (const Service& dependant : fleet.model().services) {
    if (std::ranges::find(dependant.needs, view.service) == dependant.needs.end()) continue;
    for (const InstanceView& other : members_of(fleet, dependant.name)) {
      if (!may_be_alive(other.state)) continue;
      report(found, 6, view.name + " is stopped (" + to_string(view.cause) + ") although " + seen(other));
    }
  }
}

bool depends_on_any(const Fleet& fleet, const std::string& name, const std::vector<std::string>& changed) {
  if (std::ranges::find(changed, name) != changed.end()) return true;
  for (const Service& service : fleet.model().services) {
    if (service.name != name) continue;
    const auto depends = [&](const std::string& other) { return depends_on_any(fleet, other, changed); };
    return std::ranges::any_of(service.needs, depends) || std::ranges::any_of(service.after, depends);
  }
  return true;  // it is leaving
}

}  // namespace

void check_runs(const Fleet& fleet, const WorldFacts& facts, Violations& found) {
  std::vector<unsigned> live_runs;
  for (const RunFacts& run : facts.runs) {
    if (run.alive == 0) continue;
    live_runs.resize(std::max<std::size_t>(live_runs.size(), run.id + 1));
    if (++live_runs[run.id] == 2) report(found, 1, fleet.view(run.id).name + " has two live runs");
  }
  for (const InstanceId id : fleet.ids()) {
    const InstanceView view = fleet.view(id);
    for (const RunFacts& run : facts.runs) {
      if (run.id != id) continue;
      if (run.alive > 0 && !may_be_alive(view.state)) {
        report(found, 2, seen(view) + ", but " + std::to_string(run.alive) + " of its processes live");
      }
      if (run.run == view.run && run.ended && view.pid == run.ended) {
        report(found, 3, seen(view) + ", and still names a process whose end was told");
      }
    }
  }
}

void check_wishes(const Fleet& fleet, Violations& found) {
  for (const InstanceId id : fleet.ids()) check_not_forgotten(fleet, fleet.view(id), found);
}

void check_action(const Fleet& fleet, const Action& action, const WorldFacts& facts, Instant now, Violations& found) {
  if (const auto* spawn = std::get_if<action::Spawn>(&action)) check_spawn(fleet, *spawn, facts, now, found);
  if (const auto* signal = std::get_if<action::SendSignal>(&action)) check_signal(fleet, *signal, facts, found);
  if (const auto* kill = std::get_if<action::KillRest>(&action); kill != nullptr) {
    if (kill->run != fleet.view(kill->id).run)
      report(found, 7, "an old run of " + fleet.view(kill->id).name + " is killed");
  }
}

void check_recovery(const Fleet& lost, const Fleet& restored, Violations& found) {
  if (lost.ids() != restored.ids()) return report(found, 9, "not the same instances");
  const bool is_empty = lost.ids().empty();  // then no record can say it, and there is nothing to shut down
  if (!is_empty && lost.is_shutting_down() != restored.is_shutting_down())
    report(found, 9, "the shutdown was forgotten");
  for (const InstanceId id : lost.ids()) {
    const InstanceView before = lost.view(id);
    const InstanceView after = restored.view(id);
    const InstanceRecord one = lost.record(id);
    const InstanceRecord other = restored.record(id);
    const bool same = std::memcmp(&one, &other, sizeof one) == 0 && before.state == after.state &&
                      before.wanted == after.wanted && before.run == after.run && before.pid == after.pid &&
                      before.deadline == after.deadline && before.exit == after.exit && before.cause == after.cause &&
                      before.ready == after.ready;
    if (!same) report(found, 9, seen(before) + " and came back otherwise: " + seen(after));
  }
}

void check_reload(const Fleet& after, std::span<const ServiceChange> plan, const Actions& actions, Violations& found) {
  std::vector<std::string> changed;
  for (const ServiceChange& change : plan) {
    if (change.kind != ServiceChange::Kind::unchanged) changed.push_back(change.service);
  }
  for (const Action& action : actions) {
    const auto* publish = std::get_if<action::Publish>(&action);
    if (publish == nullptr) continue;
    const auto ids = after.ids();
    if (std::ranges::find(ids, publish->transition.id) == ids.end()) continue;  // retired
    const std::string& name = after.service_of(publish->transition.id).name;
    const bool planned = std::ranges::any_of(plan, [&](const ServiceChange& change) {
      return change.service == name && change.kind != ServiceChange::Kind::unchanged &&
             change.kind != ServiceChange::Kind::update;
    });
    if (publish->transition.cause.kind == CauseKind::definition_changed && !planned) {
      report(found, 10, name + " was restarted, but the plan did not say so");
      continue;
    }
    // What a new service needs is started with it.
    const State from = publish->transition.from;
    const bool was_down = from == State::stopped || from == State::exited || from == State::failed;
    const bool is_needed = was_down && std::ranges::any_of(changed, [&](const std::string& other) {
                             return depends_on_any(after, other, {name});
                           });
    if (!is_needed && !depends_on_any(after, name, changed)) {
      report(found, 10, name + " was touched, but neither it nor what it depends on has changed");
    }
  }
}

}  // namespace foster::core
