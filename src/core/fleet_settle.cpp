// Wanted against actual, for whoever may have to do something now: an instance that changed, those that need it, and
// those that wait for it to be down. Never for all of them.
#include <algorithm>

#include "core/fleet_impl.hpp"
#include "core/mutation.hpp"

namespace foster::core {
namespace {

constexpr std::size_t index_of(Provision provision) {
  return static_cast<std::size_t>(provision);
}

void add(std::uint32_t& sum, bool was, bool is) {
  if (was) --sum;
  if (is) ++sum;
}

}  // namespace

void Fleet::Impl::mark_dirty(InstanceId id) {
  if (slots[id].is_dirty) return;
  slots[id].is_dirty = true;
  dirty.push_back(id);
}

void Fleet::Impl::mark_changed(InstanceId id) {
  if (slots[id].is_changed) return;
  slots[id].is_changed = true;
  changed.push_back(id);
}

// After each change of an instance: its alarm, its record, the sums and whoever depends on them.
void Fleet::Impl::touch(InstanceId id) {
  Slot& of = slots[id];
  const Instance& instance = *of.instance;
  mark_changed(id);
  mark_dirty(id);
  alarms.set(id, instance.alarm());
  const Counted before = of.counted;
  const Counted after{.is_counted = true,
                      .state = instance.state(),
                      .provision = instance.provision(),
                      .is_member = !instance.is_removed(),
                      .is_alive = instance.is_alive(),
                      .is_stopping_by_order = instance.is_stopping_by_order(),
                      .is_on_first_way_up = instance.is_on_first_way_up()};
  count(of, after);
  tell_neighbours(of.node, before, after);
  const bool is_over = after.state == State::failed || after.state == State::exited;
  if (is_over && before.state != after.state && service_of(of).essential && !is_shutting_down) essential = id;
}

void Fleet::Impl::count(Slot& of, Counted now) {
  Node& node = nodes[of.node];
  const Counted& was = of.counted;
  if (was.is_counted && was.is_member) --node.provision[index_of(was.provision)];
  if (now.is_counted && now.is_member) ++node.provision[index_of(now.provision)];
  add(node.alive, was.is_counted && was.is_alive, now.is_counted && now.is_alive);
  add(alive, was.is_counted && was.is_alive, now.is_counted && now.is_alive);
  add(node.stopping_by_order, was.is_counted && was.is_stopping_by_order, now.is_counted && now.is_stopping_by_order);
  add(node.on_first_way_up, was.is_counted && was.is_member && was.is_on_first_way_up,
      now.is_counted && now.is_member && now.is_on_first_way_up);
  of.counted = now;
}

Provision Fleet::Impl::provision_of(const Node& node) const {
  if (node.provision[index_of(Provision::down)] > 0) return Provision::down;
  if (node.provision[index_of(Provision::coming)] > 0) return Provision::coming;
  return Provision::ready;
}

std::optional<InstanceId> Fleet::Impl::speaker_of(const Node& node, Provision provision) const {
  for (const InstanceId id : node.workers) {
    const Instance& instance = *slots[id].instance;
    if (!instance.is_removed() && instance.provision() == provision) return id;
  }
  return std::nullopt;
}

std::optional<InstanceId> Fleet::Impl::on_way_up_of(const Node& node) const {
  if (node.on_first_way_up == 0) return std::nullopt;
  for (const InstanceId id : node.workers) {
    const Instance& instance = *slots[id].instance;
    if (!instance.is_removed() && instance.is_on_first_way_up()) return id;
  }
  return std::nullopt;
}

Fleet::Impl::Node::Told Fleet::Impl::told_by(const Node& node) const {
  Node::Told told;
  told.provision = provision_of(node);
  if (told.provision != Provision::ready) told.speaker = speaker_of(node, told.provision);
  if (told.speaker) told.state = slots[*told.speaker].instance->state();
  told.on_way_up = on_way_up_of(node);
  if (told.on_way_up) told.on_way_up_state = slots[*told.on_way_up].instance->state();
  return told;
}

void Fleet::Impl::tell_neighbours(std::uint32_t at, const Counted& before, const Counted& after) {
  Node& node = nodes[at];
  if (!graph.needed_by(at).empty() || !graph.followed_by(at).empty()) {
    if (const Node::Told now = told_by(node); now != node.told) {
      node.told = now;
      for (const auto list : {graph.needed_by(at), graph.followed_by(at)}) {
        for (const std::uint32_t dependant : list) {
          for (const InstanceId id : nodes[dependant].workers) mark_dirty(id);
        }
      }
    }
  }
  const bool opened = (before.is_alive && !after.is_alive && node.alive == 0) ||
                      (before.is_stopping_by_order && !after.is_stopping_by_order && node.stopping_by_order == 0);
  if (!opened) return;
  for (const auto list : {graph.needs(at), graph.after(at)}) {
    for (const std::uint32_t needed : list) {
      for (const InstanceId id : nodes[needed].workers) {
        if (slots[id].instance->is_gated()) mark_dirty(id);
      }
    }
  }
}

std::string Fleet::Impl::reason_of(InstanceId id) const {
  const Slot& of = slots[id];
  const State state = of.instance->state();
  std::string reason = instance_name(service_of(of), of.instance->index());
  reason.append(": ").append(to_string(state));
  const bool ended_by_itself = state == State::stopping && !of.instance->is_stopping_by_order();
  if (state == State::failed || state == State::exited || ended_by_itself)
    reason.append(": ").append(to_string(of.instance->cause()));
  return reason;
}

Surroundings Fleet::Impl::surroundings_of(const Slot& of) const {
  Surroundings found;
  std::optional<InstanceId> speaker;
  const bool is_waiting = of.instance->state() == State::waiting;
  for (const std::uint32_t needed : graph.needs(of.node)) {
    const Node& node = nodes[needed];
    const Provision provision = provision_of(node);
    if (provision == Provision::down) {
      return {Surroundings::Start::hold, Surroundings::Gate::open, reason_of(*speaker_of(node, provision))};
    }
    if (provision != Provision::coming || !is_waiting || speaker) continue;
    if (is_broken(Mutation::a_starting_need_is_good_enough)) continue;
    speaker = speaker_of(node, provision);
  }
  if (!is_waiting) return found;
  for (const std::uint32_t other : graph.after(of.node)) {
    if (!speaker) speaker = on_way_up_of(nodes[other]);
  }
  if (speaker) found = {Surroundings::Start::wait, Surroundings::Gate::open, reason_of(*speaker)};
  return found;
}

Surroundings::Gate Fleet::Impl::gate_of(const Slot& of) const {
  // Nobody is stopped because a worker too many goes; but who is going anyway goes first.
  const bool is_removed = of.instance->is_removed();
  for (const std::uint32_t dependant : graph.needed_by(of.node)) {
    const Node& node = nodes[dependant];
    if ((is_removed ? node.stopping_by_order : node.alive) > 0) return Surroundings::Gate::closed;
  }
  for (const std::uint32_t follower : graph.followed_by(of.node)) {
    if (nodes[follower].stopping_by_order > 0) return Surroundings::Gate::closed;
  }
  return Surroundings::Gate::open;
}

void Fleet::Impl::settle_one(InstanceId id, Instant now, Actions& actions) {
  Slot& of = slots[id];
  Instance& instance = *of.instance;
  Surroundings surroundings;
  const State state = instance.state();
  if (state == State::waiting || state == State::starting || state == State::running) {
    surroundings = surroundings_of(of);
  }
  const bool held = surroundings.start == Surroundings::Start::hold && state != State::waiting;
  if (instance.is_gated() || held) surroundings.stop = gate_of(of);
  if (instance.settle(surroundings, scene(id, now, actions))) touch(id);
  if (instance.is_removed() && !instance.is_alive()) retiring.push_back(id);
}

// Those that depend come first when something stops, and last when something starts.
void Fleet::Impl::settle(Instant now, Actions& actions) {
  follow_up(now, actions);
  if (is_restored) return;
  while (!dirty.empty()) {
    batch.clear();
    batch.swap(dirty);
    if (batch.size() > 1) {
      const auto place = [this](InstanceId id) { return std::pair(graph.rank(slots[id].node), id); };
      std::ranges::sort(batch, {}, place);
    }
    for (const InstanceId id : batch) slots[id].is_dirty = false;
    for (auto id = batch.rbegin(); id != batch.rend(); ++id) {
      if (slots[*id].instance->is_alive()) settle_one(*id, now, actions);
    }
    for (const InstanceId id : batch) {
      if (!slots[id].instance->is_alive()) settle_one(id, now, actions);
    }
    // Two lists may hold the same id: it was alive first and went in between.
    std::ranges::sort(retiring);
    const auto [first, last] = std::ranges::unique(retiring);
    retiring.erase(first, last);
    for (const InstanceId id : retiring) retire(id, actions);
    retiring.clear();
    follow_up(now, actions);
  }
}

// What concerns everybody.
void Fleet::Impl::follow_up(Instant now, Actions& actions) {
  if (essential) {
    const InstanceId id = *essential;
    const Slot& of = slots[id];
    essential.reset();
    const std::string name = instance_name(service_of(of), of.instance->index());
    const int code = of.instance->exit() ? as_exit_code(*of.instance->exit()) : 1;
    begin_shut_down(code, {CauseKind::essential_failed, name, {}}, now, actions);
    // Its own record is stored last: as long as it is not, its end will be reported once more.
    std::erase(changed, id);
    changed.push_back(id);
  }
  if (is_shutting_down && alive == 0 && !exit_was_told && dirty.empty()) {
    exit_was_told = true;
    actions.push_back(action::Exit{exit_code});
  }
}

}  // namespace foster::core
