// The door of the fleet: what is asked, and what may be seen.
#include "core/fleet.hpp"

#include <algorithm>
#include <charconv>

#include "core/fleet_impl.hpp"
#include "core/glob.hpp"
#include "core/mutation.hpp"
#include "core/reload.hpp"

namespace foster::core {

Fleet::Fleet(std::uint64_t seed) : impl_(std::make_unique<Impl>(seed)) {}
Fleet::Fleet(Fleet&&) noexcept = default;
Fleet& Fleet::operator=(Fleet&&) noexcept = default;
Fleet::~Fleet() = default;

Fleet Fleet::restore(Model model, std::span<const InstanceId> ids, std::span<const InstanceRecord> records,
                     std::uint64_t seed) {
  Fleet fleet(seed);
  fleet.impl_->model = std::move(model);
  fleet.impl_->restore_instances(ids, records);
  fleet.impl_->remake_sums();
  fleet.impl_->is_restored = true;
  return fleet;
}

std::vector<ServiceChange> Fleet::plan(const Model& wanted) const {
  return plan_reload(impl_->model, wanted);
}

Actions Fleet::apply(Model wanted, const Cause& cause, Instant now) {
  Actions actions;
  Impl& impl = *impl_;
  if (impl.is_shutting_down) return actions;
  const auto changes = plan(wanted);
  std::vector<std::string> begun;  // services that were not to be up before
  for (std::size_t at = 0; at < wanted.services.size(); ++at) {
    const Service& service = wanted.services[at];
    const auto old = impl.node_by_name.find(service.name);
    const bool was_off = changes[at].kind == ServiceChange::Kind::add || old == impl.node_by_name.end() ||
                         !impl.nodes[old->second].service->autostart;
    if (was_off && service.autostart) begun.push_back(service.name);
  }
  impl.adopt_model(std::move(wanted));
  impl.remake_sums();
  for (const Impl::Node& node : impl.nodes) {
    if (!node.is_leaving) continue;
    for (const InstanceId id : std::vector(node.workers)) impl.dismiss(id, cause, now, actions);
  }
  for (std::uint32_t at = 0; at < impl.model.services.size(); ++at) {
    impl.redefine(at, changes[at], now, actions);
    impl.staff_service(at, cause, now, actions);
  }
  ++impl.visit;
  for (const std::string& name : begun) {
    const std::uint32_t at = impl.node_by_name.at(name);
    for (const InstanceId id : std::vector(impl.nodes[at].workers)) {
      const Instance& instance = *impl.slots[id].instance;
      if (!instance.is_wanted() && !instance.is_removed()) impl.tell(id, event::Start{cause}, now, actions);
    }
    impl.start_needs_of(at, now, actions);
  }
  impl.remake_sums();
  impl.settle(now, actions);
  return actions;
}

Actions Fleet::handle(InstanceId id, const Event& event, Instant now) {
  return handle({&id, 1}, event, now);
}

Actions Fleet::handle(std::span<const InstanceId> ids, const Event& event, Instant now) {
  Actions actions;
  Impl& impl = *impl_;
  const bool is_start = std::holds_alternative<event::Start>(event) || std::holds_alternative<event::Restart>(event);
  if (is_start && impl.is_shutting_down) return actions;
  ++impl.visit;
  for (const InstanceId id : ids) {
    const Impl::Slot* of = impl.slot(id);
    if (of == nullptr || (is_start && of->instance->is_removed())) continue;
    impl.tell(id, event, now, actions);
  }
  for (const InstanceId id : ids) {
    const Impl::Slot* of = impl.slot(id);
    if (is_start && of != nullptr && !of->instance->is_removed()) impl.start_needs_of(of->node, now, actions);
  }
  impl.settle(now, actions);
  return actions;
}

Actions Fleet::shut_down(int code, const Cause& cause, Instant now) {
  Actions actions;
  Impl& impl = *impl_;
  if (!impl.is_shutting_down) {
    impl.begin_shut_down(code, cause, now, actions);
  } else {
    for (InstanceId id = 0; id < impl.slots.size(); ++id) {
      if (impl.slot(id) == nullptr) continue;
      if (impl.slots[id].instance->kill_now(impl.scene(id, now, actions))) impl.touch(id);
    }
  }
  impl.settle(now, actions);
  return actions;
}

Actions Fleet::tick(Instant now) {
  Actions actions;
  Impl& impl = *impl_;
  if (impl.is_restored) impl.resume(now, actions);
  std::vector<InstanceId> due;
  while (const auto id = impl.alarms.take_due(now)) due.push_back(*id);
  for (const InstanceId id : due) {
    (void)impl.slots[id].instance->due(impl.scene(id, now, actions));  // its alarm said so
    impl.touch(id);
  }
  impl.settle(now, actions);
  return actions;
}

std::optional<Instant> Fleet::next_deadline() const {
  return impl_->alarms.earliest();
}

const Model& Fleet::model() const {
  return impl_->model;
}

const Service& Fleet::service_of(InstanceId id) const {
  return impl_->service_of(impl_->at(id));
}

std::vector<InstanceId> Fleet::ids() const {
  std::vector<InstanceId> ids;
  ids.reserve(impl_->slots.size());
  for (InstanceId id = 0; id < impl_->slots.size(); ++id) {
    if (impl_->slots[id].instance) ids.push_back(id);
  }
  return ids;
}

std::optional<InstanceId> Fleet::find(std::string_view name) const {
  const auto worker = [&](std::string_view service, unsigned index) -> std::optional<InstanceId> {
    const auto found = impl_->node_by_name.find(service);
    if (found == impl_->node_by_name.end()) return std::nullopt;
    const auto id = impl_->find_worker(impl_->nodes[found->second], index);
    if (!id || instance_name(service_of(*id), index) != name) return std::nullopt;
    return id;
  };
  if (const auto id = worker(name, 0)) return id;
  const std::size_t colon = name.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  unsigned index = 0;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + colon + 1, end, index);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return worker(name.substr(0, colon), index);
}

std::vector<InstanceId> Fleet::match(std::string_view glob) const {
  std::vector<InstanceId> ids;
  for (InstanceId id = 0; id < impl_->slots.size(); ++id) {
    const Impl::Slot& of = impl_->slots[id];
    if (!of.instance) continue;
    const Service& service = impl_->service_of(of);
    if (matches_glob(glob, service.name) || matches_glob(glob, instance_name(service, of.instance->index()))) {
      ids.push_back(id);
    }
  }
  return ids;
}

const Instance& Fleet::instance(InstanceId id) const {
  return *impl_->at(id).instance;
}

InstanceView Fleet::view(InstanceId id) const {
  const Impl::Slot& of = impl_->at(id);
  const Instance& instance = *of.instance;
  const Service& service = impl_->service_of(of);
  return {.id = id,
          .service = service.name,
          .index = instance.index(),
          .name = instance_name(service, instance.index()),
          .state = instance.state(),
          .wanted = instance.is_wanted(),
          .run = instance.run(),
          .restarts = instance.restarts(),
          .pid = instance.pid(),
          .since = instance.since(),
          .ready = instance.ready_since(),
          .deadline = instance.deadline(),
          .exit = instance.exit(),
          .cause = instance.cause()};
}

bool Fleet::is_shutting_down() const {
  return impl_->is_shutting_down;
}

InstanceRecord Fleet::record(InstanceId id) const {
  const Impl::Slot& of = impl_->at(id);
  InstanceRecord record = of.instance->record(impl_->service_of(of).name);
  if (impl_->is_shutting_down) {
    record.flags |= kFleetIsShuttingDown;
    record.exit_code = static_cast<std::uint16_t>(impl_->exit_code);
  }
  return record;
}

std::vector<InstanceId> Fleet::take_changed() {
  for (const InstanceId id : impl_->changed) impl_->slots[id].is_changed = false;
  return std::exchange(impl_->changed, {});
}

Scene Fleet::Impl::scene(InstanceId id, Instant now, Actions& actions) const {
  return {id, service_of(slots[id]), now, actions};
}

void Fleet::Impl::tell(InstanceId id, const Event& event, Instant now, Actions& actions) {
  if (slots[id].instance->step(event, scene(id, now, actions))) touch(id);
}

// A definition that only the next run can honour.
void Fleet::Impl::redefine(std::uint32_t at, const ServiceChange& change, Instant now, Actions& actions) {
  const bool restart = change.kind == ServiceChange::Kind::restart ||
                       (is_broken(Mutation::reload_restarts_everything) && change.kind != ServiceChange::Kind::add);
  if (!restart) return;
  const Event anew = event::Restart{{CauseKind::definition_changed, change.why, {}}};
  for (const InstanceId id : std::vector(nodes[at].workers)) {
    const Instance& instance = *slots[id].instance;
    if (!instance.is_removed() && instance.is_wanted()) tell(id, anew, now, actions);
  }
}

// What a started service needs is started with it, unless it is up or on its way.
void Fleet::Impl::start_needs_of(std::uint32_t at, Instant now, Actions& actions) {
  if (nodes[at].visited == visit) return;
  nodes[at].visited = visit;
  for (const std::uint32_t needed : graph.needs(at)) {
    for (const InstanceId id : std::vector(nodes[needed].workers)) {
      const Instance& instance = *slots[id].instance;
      const bool gave_up = instance.state() == State::failed || instance.state() == State::exited;
      const bool is_missing = !instance.is_wanted() || (gave_up && instance.provision() == Provision::down);
      if (instance.is_removed() || !is_missing) continue;
      tell(id, event::Start{{CauseKind::dependency, "needed by " + nodes[at].service->name, {}}}, now, actions);
    }
    start_needs_of(needed, now, actions);
  }
}

void Fleet::Impl::begin_shut_down(int code, const Cause& cause, Instant now, Actions& actions) {
  is_shutting_down = true;
  exit_code = code;
  stop_everybody(cause, now, actions);
}

// Who has ended for good keeps the state that says why.
void Fleet::Impl::stop_everybody(const Cause& cause, Instant now, Actions& actions) {
  for (InstanceId id = 0; id < slots.size(); ++id) {
    if (slot(id) == nullptr) continue;
    mark_changed(id);
    const State state = slots[id].instance->state();
    if (state == State::stopped || state == State::exited || state == State::failed) continue;
    tell(id, event::Stop{cause}, now, actions);
  }
}

// After the supervisor was lost: what may not have been done is asked for again, and what was never begun begins.
void Fleet::Impl::resume(Instant now, Actions& actions) {
  is_restored = false;
  for (InstanceId id = 0; id < slots.size(); ++id) {
    if (slot(id) != nullptr) slots[id].instance->resume(scene(id, now, actions));
  }
  const Cause recovered{CauseKind::recovered, {}, {}};
  if (is_shutting_down) {
    stop_everybody({CauseKind::shutdown, {}, {}}, now, actions);
  } else {
    for (const Node& node : nodes) {
      if (!node.is_leaving) continue;
      for (const InstanceId id : std::vector(node.workers)) dismiss(id, recovered, now, actions);
    }
    for (std::uint32_t at = 0; at < model.services.size(); ++at) staff_service(at, recovered, now, actions);
  }
  remake_sums();
}

}  // namespace foster::core
