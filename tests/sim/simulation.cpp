#include "simulation.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "core/step_table.hpp"
#include "dice.hpp"
#include "scenario.hpp"
#include "world.hpp"

namespace foster::sim {
namespace {

using namespace std::chrono_literals;
using core::Action;
using core::Actions;
using core::Cause;
using core::CauseKind;
using core::Event;
using core::Fleet;
using core::InstanceRecord;
using core::InstanceView;
using core::State;
namespace event = core::event;
namespace action = core::action;

constexpr unsigned kMostSteps = 20'000;
constexpr std::size_t kTrail = 60;

std::string glob_of(unsigned number) {
  static constexpr std::array globs{"a", "b", "c", "d", "e", "f", "g", "*", "*", "[a-c]*", "*:1", "a:0"};
  return globs[number % globs.size()];
}

std::string words_for(const Event& event) {
  static constexpr std::array names{"start",          "stop",          "restart",       "spawned",   "spawn failed",
                                    "main exited",    "gone",          "main pid",      "ready",     "not ready",
                                    "extend timeout", "watchdog ping", "says stopping", "spawn lost"};
  std::string words = names[event.index()];
  if (const auto* exited = std::get_if<event::MainExited>(&event)) words += ": " + to_string(exited->status);
  return words;
}

class Simulation {
 public:
  Simulation(const Story& story, Trail trail)
      : story_(story), trail_(trail), fleet_(story.seed), world_(story.seed, core::Instant(1h)) {}

  Outcome run() {
    step("apply", [&] { return fleet_.apply(make_model(story_.seed), {CauseKind::configured, {}, {}}, world_.now()); });
    for (; outcome_.op < story_.ops.size() && goes_on(); ++outcome_.op) perform(story_.ops[outcome_.op]);
    if (goes_on()) come_to_rest();
    if (world_.is_over() && outcome_.violations.empty()) check_everything_is_down();
    return std::move(outcome_);
  }

 private:
  [[nodiscard]] bool goes_on() const { return outcome_.violations.empty() && !world_.is_over(); }

  void note(std::string line) {
    if (trail_ == Trail::none) return;
    if (outcome_.trail.size() == kTrail) outcome_.trail.erase(outcome_.trail.begin());
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(world_.now().time_since_epoch() - 1h);
    outcome_.trail.push_back(std::to_string(at.count()) + " ms  " + std::move(line));
  }

  // One step: told, recorded, checked, done; perhaps not all of it.
  template <class Call>
  void step(const std::string& what, Call call) {
    if (!goes_on()) return;
    note(what);
    ++outcome_.steps;
    const Actions actions = call();
    const auto changed = fleet_.take_changed();
    const bool is_lost = lost_after_ && !actions.empty() && !is_recovering_;
    // A new model is taken over as a whole or not at all, so its records are.
    const bool is_torn = is_lost && lost_while_storing_ && what != "apply" && what != "reload";
    const std::size_t stored = is_torn ? *lost_after_ % (changed.size() + 1) : changed.size();
    for (std::size_t n = 0; n < stored; ++n) ledger_[changed[n]] = fleet_.record(changed[n]);
    for (const Action& action : actions) check(action);
    for (const Action& action : actions) {
      if (!is_torn) count_failure(action);
    }
    std::size_t done = actions.size();
    if (is_lost) done = is_torn ? 0 : *lost_after_ % (actions.size() + 1);
    bool retire_was_lost = false;
    for (std::size_t n = 0; n < actions.size(); ++n) {
      if (n < done)
        execute(actions[n]);
      else
        retire_was_lost = retire_was_lost || std::holds_alternative<action::Retire>(actions[n]);
    }
    if (is_lost) {
      lost_after_.reset();
      recover(!retire_was_lost && !is_torn);
      return;
    }
    // What was told and not recorded is told once more before the first tick.
    if (is_recovering_) return;
    core::check_runs(fleet_, world_.facts(), outcome_.violations);
    core::check_wishes(fleet_, outcome_.violations);
  }

  void check(const Action& action) {
    core::check_action(fleet_, action, world_.facts(), world_.now(), outcome_.violations);
    const auto* publish = std::get_if<action::Publish>(&action);
    if (publish == nullptr) return;
    const core::Transition& transition = publish->transition;
    const std::string words = std::string(to_string(transition.from)) + " -> " + std::string(to_string(transition.to)) +
                              " (" + to_string(transition.cause) + ")";
    note("    #" + std::to_string(transition.id) + " " + words);
    if (!core::may_follow(transition.from, transition.to)) {
      outcome_.violations.push_back({4, "the table knows no way " + words});
    }
  }

  void count_failure(const Action& action) {
    const auto* publish = std::get_if<action::Publish>(&action);
    if (publish == nullptr) return;
    const core::Transition& seen = publish->transition;
    if (!is_there(seen.id)) return;  // retired in this step
    const core::Service& service = fleet_.service_of(seen.id);
    if (seen.to == State::running) failed_starts(seen.id) = 0;
    const bool was_up = seen.from == State::starting || seen.from == State::running;
    if (!was_up || seen.from == seen.to) return;
    const Cause& cause = seen.cause;
    const bool failed_by_exit =
        cause.kind == CauseKind::ended && cause.exit && (!is_success_of(service, *cause.exit) || !cause.detail.empty());
    if (failed_by_exit || cause.kind == CauseKind::spawn_failed || cause.kind == CauseKind::watchdog ||
        cause.kind == CauseKind::not_ready_in_time) {
      if (service.start_retries && seen.from == State::starting) {
        ++failed_starts(seen.id);
      } else {
        note_failure(seen.id);
      }
    }
  }

  unsigned& failed_starts(InstanceId id) {
    auto& all = world_.facts().failed_starts;
    if (all.size() <= id) all.resize(id + 1);
    return all[id];
  }

  void note_failure(InstanceId id) {
    auto& all = world_.facts().failures;
    if (all.size() <= id) all.resize(id + 1);
    const auto& limit = fleet_.service_of(id).limit;
    if (!limit) return all[id].clear();
    std::erase_if(all[id], [&](Instant failure) { return world_.now() - failure > limit->within; });
    all[id].push_back(world_.now());
  }

  void execute(const Action& action) {
    world_.execute(action, fleet_);
    const auto* retire = std::get_if<action::Retire>(&action);
    if (retire == nullptr) return;
    ledger_.erase(retire->id);
    if (last_told_ && last_told_->first == retire->id) last_told_.reset();
  }

  void tell(InstanceId id, const Event& event) {
    last_told_ = {id, event};
    step("#" + std::to_string(id) + " " + words_for(event), [&] { return fleet_.handle(id, event, world_.now()); });
  }

  // The supervisor is lost, and another one takes over from what was recorded.
  void recover(bool compare) {
    note("the supervisor is lost");
    ++outcome_.losses;
    std::vector<InstanceId> ids;
    std::vector<InstanceRecord> records;
    for (const auto& [id, record] : ledger_) {
      ids.push_back(id);
      records.push_back(record);
    }
    Fleet restored = Fleet::restore(fleet_.model(), ids, records, story_.seed);
    if (compare) core::check_recovery(fleet_, restored, outcome_.violations);
    fleet_ = std::move(restored);
    is_recovering_ = true;
    for (const InstanceId id : ids) {
      const InstanceView view = fleet_.view(id);
      if (view.state != State::starting && view.state != State::stopping) continue;
      outcome_.told_early += view.pid ? 0U : 1U;
      tell(id, world_.answer_lost_spawn(id, view.run));
    }
    if (interrupted_) {
      const auto again = *interrupted_;
      if (std::ranges::find(ids, again.first) != ids.end()) tell(again.first, again.second);
    }
    is_recovering_ = false;
    step("first tick", [&] { return fleet_.tick(world_.now()); });
  }

  void drain() {
    while (goes_on()) {
      if (outcome_.steps > kMostSteps) return outcome_.violations.push_back({4, "it never comes to rest"});
      const auto deadline = fleet_.next_deadline();
      if (deadline && *deadline <= world_.now()) {
        interrupted_.reset();
        step("tick", [&] { return fleet_.tick(world_.now()); });
        continue;
      }
      const auto happening = world_.take_due();
      if (!happening) return;
      interrupted_ = happening;
      tell(happening->first, happening->second);
      interrupted_.reset();
    }
  }

  void advance(core::Duration duration) {
    const Instant until = world_.now() + duration;
    while (goes_on()) {
      drain();
      std::optional<Instant> next = world_.next();
      if (const auto deadline = fleet_.next_deadline(); deadline && (!next || *deadline < *next)) next = deadline;
      if (!next || *next > until) break;
      world_.set_now(std::max(world_.now(), *next));
    }
    world_.set_now(std::max(world_.now(), until));
  }

  template <class Wish>
  void wish(const std::string& word, unsigned glob, Wish event) {
    world_.facts().failures.clear();
    world_.facts().failed_starts.clear();
    const auto ids = fleet_.match(glob_of(glob));
    step(word + " " + glob_of(glob), [&] { return fleet_.handle(ids, event, world_.now()); });
  }

  void notify(unsigned which, unsigned what) {
    const auto live = world_.live_run(which);
    if (!live) return;
    if (what == 0) return tell(live->id, event::Stopping{live->run});
    if (what == 1) return tell(live->id, event::WatchdogPing{live->run, 700ms});
    if (what == 3) return tell(live->id, event::ExtendTimeout{live->run, world_.now() + 3s});
    const auto view = fleet_.view(live->id);
    const auto old = view.pid;
    if (view.run != live->run || !old) return;
    if (const auto pid = world_.fork_new_main(*live)) {
      tell(live->id, event::MainPid{live->run, *pid});
      tell(live->id, event::MainExited{live->run, foster::Exited{1}, old});
    }
  }

  void reload(unsigned how) {
    core::Model wanted = change_model(fleet_.model(), roll(story_.seed, how));
    world_.facts().failures.clear();
    world_.facts().failed_starts.clear();
    const auto plan = fleet_.plan(wanted);
    const bool is_down = fleet_.is_shutting_down();
    step("reload", [&] {
      const Actions actions = fleet_.apply(std::move(wanted), {CauseKind::requested, "reload", {}}, world_.now());
      if (!is_down) core::check_reload(fleet_, plan, actions, outcome_.violations);
      return actions;
    });
  }

  void perform(const Op& op) {
    const Cause person{CauseKind::requested, "somebody", {}};
    switch (op.deed) {
      case Deed::advance:
        return advance(std::chrono::milliseconds(op.a));
      case Deed::jump:
        world_.set_now(world_.now() + std::chrono::milliseconds(op.a));
        return drain();
      case Deed::start:
        return wish("start", op.a, event::Start{person});
      case Deed::stop:
        return wish("stop", op.a, event::Stop{person});
      case Deed::restart:
        return wish("restart", op.a, event::Restart{person});
      case Deed::crash:
        return world_.end_main(op.a, op.b);
      case Deed::lose_readiness:
        return world_.lose_readiness(op.a);
      case Deed::fail_spawns:
        return world_.fail_spawns(op.a);
      case Deed::notify:
        return notify(op.a, op.b);
      case Deed::reload:
        return reload(op.a);
      case Deed::lose_supervisor:
        lost_after_ = op.a;
        lost_while_storing_ = op.b != 0;
        return;
      case Deed::repeat:
        if (last_told_ && is_fact(last_told_->second) && is_there(last_told_->first)) {
          tell(last_told_->first, Event(last_told_->second));
        }
        return;
      case Deed::shut_down:
        world_.facts().everything_is_killed = fleet_.is_shutting_down();
        return step("shut down", [&] {
          return fleet_.shut_down(static_cast<int>(op.a), {CauseKind::shutdown, {}, {}}, world_.now());
        });
    }
  }

  // A wish that is told again is another wish.
  [[nodiscard]] static bool is_fact(const Event& event) { return event.index() > 2; }
  [[nodiscard]] bool is_there(InstanceId id) const {
    const auto ids = fleet_.ids();
    return std::ranges::find(ids, id) != ids.end();
  }

  void come_to_rest() {
    world_.calm_down();
    lost_after_.reset();
    for (unsigned n = 0; n < 20 && goes_on(); ++n) advance(60s);
    for (const InstanceId id : fleet_.ids()) {
      const InstanceView view = fleet_.view(id);
      outcome_.end.push_back(view.name + " " + std::string(to_string(view.state)));
    }
    std::ranges::sort(outcome_.end);
    if (!goes_on()) return;
    for (const InstanceId id : fleet_.ids()) {
      const InstanceView view = fleet_.view(id);
      const bool is_at_rest = view.state == State::running || view.state == State::exited ||
                              view.state == State::failed || view.state == State::waiting;
      const bool is_right = view.wanted ? is_at_rest : view.state == State::stopped;
      if (is_right && !fleet_.is_shutting_down()) continue;
      outcome_.violations.push_back({4, view.name + " came to rest as " + std::string(to_string(view.state)) + " (" +
                                            to_string(view.cause) + ")"});
    }
    check_nobody_waits_for_ever();
  }

  // Everything that could come has come: whoever still waits, waits for somebody who is down.
  void check_nobody_waits_for_ever() {
    for (const InstanceId id : fleet_.ids()) {
      const InstanceView view = fleet_.view(id);
      if (view.state != State::waiting) continue;
      const auto& needs = fleet_.service_of(id).needs;
      const bool is_held = std::ranges::any_of(fleet_.ids(), [&](InstanceId other) {
        const InstanceView needed = fleet_.view(other);
        return !core::provides(fleet_, needed) && std::ranges::find(needs, needed.service) != needs.end();
      });
      if (!is_held) outcome_.violations.push_back({4, view.name + " waits for ever: " + to_string(view.cause)});
    }
  }

  void check_everything_is_down() {
    for (const core::RunFacts& run : world_.facts().runs) {
      if (run.alive > 0)
        outcome_.violations.push_back({2, "foster ended, but a process of #" + std::to_string(run.id) + " lives"});
    }
  }

  const Story& story_;
  Trail trail_;
  Fleet fleet_;
  World world_;
  std::map<InstanceId, InstanceRecord> ledger_;
  std::optional<unsigned> lost_after_;
  bool lost_while_storing_ = false;
  bool is_recovering_ = false;  // restored, and not ticked yet
  std::optional<std::pair<InstanceId, Event>> last_told_;
  std::optional<std::pair<InstanceId, Event>> interrupted_;  // told once more if the supervisor is lost with it
  Outcome outcome_;
};

bool breaks_the_same(const Outcome& outcome, const Outcome& wanted) {
  return std::ranges::any_of(outcome.violations, [&](const core::Violation& violation) {
    return violation.invariant == wanted.violations.front().invariant;
  });
}

}  // namespace

Outcome run(const Story& story, Trail trail) {
  return Simulation(story, trail).run();
}

Story shrink(const Story& story, const Outcome& outcome) {
  Story best = story;
  if (outcome.op < best.ops.size()) best.ops.resize(outcome.op + 1);
  for (std::size_t part = std::max<std::size_t>(1, best.ops.size() / 2);; part = std::max<std::size_t>(1, part / 2)) {
    bool shrunk = false;
    for (std::size_t at = 0; at < best.ops.size();) {
      Story shorter = best;
      const auto begin = shorter.ops.begin() + static_cast<std::ptrdiff_t>(at);
      const std::size_t length = std::min(part, best.ops.size() - at);
      shorter.ops.erase(begin, begin + static_cast<std::ptrdiff_t>(length));
      if (breaks_the_same(run(shorter), outcome)) {
        best = std::move(shorter);
        shrunk = true;
      } else {
        at += part;
      }
    }
    if (part == 1 && !shrunk) return best;
  }
}

std::string report(const Story& story, const std::string& options) {
  const Outcome outcome = run(story, Trail::keep);
  std::string text;
  for (const core::Violation& violation : outcome.violations) {
    text += "invariant " + std::to_string(violation.invariant) + " is broken: " + violation.text + "\n";
  }
  text += "The story, in a world made from seed " + std::to_string(story.seed) + ":\n";
  for (const Op& op : story.ops) text += "  " + describe(op) + "\n";
  text += "What happened last:\n";
  for (const std::string& line : outcome.trail) text += "  " + line + "\n";
  text += "Replay it: foster_sim " + options + "--replay " + to_text(story) + "\n";
  return text;
}

}  // namespace foster::sim
