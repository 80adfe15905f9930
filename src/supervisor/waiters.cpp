#include "supervisor/waiters.hpp"

#include <algorithm>
#include <utility>

namespace foster::supervisor {
namespace {

// A start that failed this often while somebody waits is told as failed; foster goes on trying.
constexpr unsigned kPatience = 3;

enum class Verdict : std::uint8_t { pending, reached, missed };

Verdict judge_down(core::State state) {
  using enum core::State;
  return state == stopped || state == exited || state == failed ? Verdict::reached : Verdict::pending;
}

// Whoever waits for a dependency waits on as long as something may still change by itself.
bool anything_moves(const core::Fleet& fleet) {
  return std::ranges::any_of(fleet.ids(), [&](core::InstanceId id) {
    const core::InstanceView view = fleet.view(id);
    return view.state == core::State::starting || view.state == core::State::stopping ||
           (view.state == core::State::backoff && view.restarts < kPatience);
  });
}

Verdict judge_up(const core::Fleet& fleet, const core::InstanceView& view, bool is_new, unsigned failures,
                 bool spawn_failed) {
  switch (view.state) {
    case core::State::running:
      return is_new ? Verdict::reached : Verdict::pending;
    case core::State::exited:
      if (!is_new) return Verdict::pending;
      return view.exit && core::is_success_of(fleet.service_of(view.id), *view.exit) ? Verdict::reached
                                                                                     : Verdict::missed;
    case core::State::failed:
      return Verdict::missed;
    case core::State::backoff:
      return spawn_failed || failures >= kPatience ? Verdict::missed : Verdict::pending;
    case core::State::waiting:
      return anything_moves(fleet) ? Verdict::pending : Verdict::missed;
    case core::State::stopped:
      return view.wanted ? Verdict::pending : Verdict::missed;
    case core::State::starting:
    case core::State::stopping:
      return Verdict::pending;
  }
  return Verdict::pending;
}

api::Outcome outcome_of(const core::InstanceView& view, bool ok) {
  return {view.name, ok, view.state, ok ? std::string() : to_string(view.cause)};
}

}  // namespace

void Waiters::add(const core::Fleet& fleet, std::span<const core::InstanceId> ids, Goal goal, Done done) {
  Waiting waiting{.items = {}, .goal = goal, .done = std::move(done), .outcomes = {}};
  waiting.items.reserve(ids.size());
  for (const core::InstanceId id : ids) {
    const core::InstanceView view = fleet.view(id);
    waiting.items.push_back(
        {.id = id, .name = view.name, .run_before = view.run, .failures = 0, .spawn_failed = false});
  }
  waiting_.push_back(std::move(waiting));
}

void Waiters::note(const core::Transition& transition) {
  if (transition.to != core::State::backoff) return;
  for (Waiting& waiting : waiting_) {
    for (Item& item : waiting.items) {
      if (item.id != transition.id) continue;
      ++item.failures;
      item.spawn_failed = transition.cause.kind == core::CauseKind::spawn_failed;
    }
  }
}

std::optional<api::Outcome> Waiters::judge(const core::Fleet& fleet, const Item& item, Goal goal) {
  // An instance that was removed meanwhile is as down as can be.
  if (!fleet.find(item.name)) return api::Outcome{item.name, goal == Goal::down, core::State::stopped, "removed"};
  const core::InstanceView view = fleet.view(item.id);
  const bool is_new = goal != Goal::restarted || view.run > item.run_before;
  const Verdict verdict =
      goal == Goal::down ? judge_down(view.state) : judge_up(fleet, view, is_new, item.failures, item.spawn_failed);
  if (verdict == Verdict::pending) return std::nullopt;
  return outcome_of(view, verdict == Verdict::reached);
}

void Waiters::check(const core::Fleet& fleet) {
  std::vector<Waiting> ready;
  // Each item is judged in turn and then left alone, so that a boot of many costs each of them once.
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    while (waiting->outcomes.size() < waiting->items.size()) {
      auto outcome = judge(fleet, waiting->items[waiting->outcomes.size()], waiting->goal);
      if (!outcome) break;
      waiting->outcomes.push_back(std::move(*outcome));
    }
    if (waiting->outcomes.size() < waiting->items.size()) {
      ++waiting;
      continue;
    }
    ready.push_back(std::move(*waiting));
    waiting = waiting_.erase(waiting);
  }
  for (Waiting& waiting : ready) waiting.done(std::move(waiting.outcomes));
}

void Waiters::finish(const core::Fleet& fleet) {
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    for (std::size_t next = waiting.outcomes.size(); next < waiting.items.size(); ++next) {
      const Item& item = waiting.items[next];
      auto outcome = judge(fleet, item, waiting.goal);
      waiting.outcomes.push_back(outcome ? std::move(*outcome) : outcome_of(fleet.view(item.id), false));
    }
    waiting.done(std::move(waiting.outcomes));
  }
}

}  // namespace foster::supervisor
