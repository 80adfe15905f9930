// Who is there: services and their instances, when a model is taken over and when records are.
#include <algorithm>

#include "core/fleet_impl.hpp"
#include "core/mutation.hpp"
#include "core/reload.hpp"

namespace foster::core {
namespace {

// Spreads the seed over the instances, so that two of them never draw the same jitter.
std::uint32_t jitter_seed(std::uint64_t seed, InstanceId id) {
  std::uint64_t word = seed + 0x9E3779B97F4A7C15ULL * (id + 1ULL);
  word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
  return static_cast<std::uint32_t>(word ^ (word >> 31U));
}

}  // namespace

InstanceId Fleet::Impl::add_instance(std::uint32_t node, unsigned index, Instant now) {
  while (lowest_free < slots.size() && slots[lowest_free].instance) ++lowest_free;
  const InstanceId id = lowest_free++;
  if (id == slots.size()) slots.emplace_back();
  slots[id].instance.emplace(index, jitter_seed(seed, id), now);
  slots[id].node = node;
  nodes[node].workers.push_back(id);
  return id;
}

std::optional<InstanceId> Fleet::Impl::find_worker(const Node& node, unsigned index) const {
  for (const InstanceId id : node.workers) {
    if (slots[id].instance->index() == index) return id;
  }
  return std::nullopt;
}

// The definitions of services that are not in `wanted` stay until nothing of them is alive.
void Fleet::Impl::adopt_model(Model wanted) {
  std::unordered_map<std::string_view, bool> is_wanted;
  for (const Service& service : wanted.services) is_wanted.emplace(service.name, true);
  std::vector<std::unique_ptr<Service>> still_leaving;
  for (Node& node : nodes) {
    if (is_wanted.contains(node.service->name) || node.workers.empty()) continue;
    still_leaving.push_back(std::make_unique<Service>(*node.service));
  }
  std::vector<std::string> name_of_slot(slots.size());
  for (InstanceId id = 0; id < slots.size(); ++id) {
    if (slots[id].instance) name_of_slot[id] = service_of(slots[id]).name;
  }
  leaving = std::move(still_leaving);
  model = std::move(wanted);
  rebuild_nodes();
  for (InstanceId id = 0; id < slots.size(); ++id) {
    if (!slots[id].instance) continue;
    slots[id].node = node_by_name.at(name_of_slot[id]);
    nodes[slots[id].node].workers.push_back(id);
  }
}

void Fleet::Impl::rebuild_nodes() {
  nodes.clear();
  node_by_name.clear();
  std::vector<const Service*> services;
  for (const Service& service : model.services) services.push_back(&service);
  for (const auto& service : leaving) services.push_back(service.get());
  for (const Service* service : services) {
    node_by_name.emplace(service->name, static_cast<std::uint32_t>(nodes.size()));
    nodes.emplace_back().service = service;
    nodes.back().is_leaving = nodes.size() > model.services.size();
  }
  graph = DependencyGraph(services);
}

// From nothing: who depends on whom may be another story now, so everybody is looked at once.
void Fleet::Impl::remake_sums() {
  for (Node& node : nodes) {
    node.provision = {};
    node.alive = node.stopping_by_order = node.on_first_way_up = 0;
  }
  alive = 0;
  for (Slot& of : slots) {
    if (!of.instance) continue;
    const Instance& instance = *of.instance;
    of.counted.is_counted = false;
    count(of, {.is_counted = true,
               .state = instance.state(),
               .provision = instance.provision(),
               .is_member = !instance.is_removed(),
               .is_alive = instance.is_alive(),
               .is_stopping_by_order = instance.is_stopping_by_order(),
               .is_on_first_way_up = instance.is_on_first_way_up()});
  }
  for (InstanceId id = 0; id < slots.size(); ++id) {
    if (slots[id].instance) mark_dirty(id);
  }
  for (Node& node : nodes) node.told = told_by(node);
}

// Hires who is missing, and dismisses who is too many.
void Fleet::Impl::staff_service(std::uint32_t at, const Cause& cause, Instant now, Actions& actions) {
  const Service& service = *nodes[at].service;
  bool is_wanted = service.autostart;
  bool has_members = false;
  for (const InstanceId id : nodes[at].workers) {
    const Instance& instance = *slots[id].instance;
    if (instance.is_removed()) continue;
    is_wanted = has_members ? is_wanted || instance.is_wanted() : instance.is_wanted();
    has_members = true;
  }
  for (const InstanceId id : std::vector(nodes[at].workers)) {
    if (slots[id].instance->index() >= service.workers) dismiss(id, cause, now, actions);
  }
  // Workers are listed by number; those of a new service are hired in one go.
  std::vector<InstanceId> by_index(service.workers, UINT32_MAX);
  for (const InstanceId id : nodes[at].workers) {
    if (const unsigned index = slots[id].instance->index(); index < service.workers) by_index[index] = id;
  }
  for (unsigned index = 0; index < service.workers; ++index) {
    InstanceId id = by_index[index];
    const bool is_new = id == UINT32_MAX;
    if (!is_new && !slots[id].instance->is_removed()) continue;
    if (is_new) id = add_instance(at, index, now);
    slots[id].instance->set_removed(false);
    mark_changed(id);
    if (is_wanted) tell(id, event::Start{cause}, now, actions);
  }
}

void Fleet::Impl::dismiss(InstanceId id, const Cause& cause, Instant now, Actions& actions) {
  if (slots[id].instance->is_removed()) return;
  slots[id].instance->set_removed(true);
  mark_changed(id);
  tell(id, event::Stop{{CauseKind::removed, cause.detail, {}}}, now, actions);
}

void Fleet::Impl::retire(InstanceId id, Actions& actions) {
  Slot& of = slots[id];
  actions.push_back(action::Retire{id});
  alarms.set(id, std::nullopt);
  count(of, {});
  std::erase(nodes[of.node].workers, id);
  if (of.is_dirty) std::erase(dirty, id);
  if (of.is_changed) std::erase(changed, id);
  of = Slot{};
  lowest_free = std::min(lowest_free, id);
}

void Fleet::Impl::restore_instances(std::span<const InstanceId> ids, std::span<const InstanceRecord> records) {
  rebuild_nodes();
  // A service of a record that the model does not know was on its way out.
  for (const InstanceRecord& record : records) {
    if (node_by_name.contains(record.service)) continue;
    auto service = std::make_unique<Service>();
    service->name = record.service;
    node_by_name.emplace(service->name, 0);
    leaving.push_back(std::move(service));
  }
  rebuild_nodes();
  for (std::size_t n = 0; n < ids.size(); ++n) {
    if (ids[n] >= slots.size()) slots.resize(ids[n] + 1);
    Slot& of = slots[ids[n]];
    of.instance.emplace(Instance::from_record(records[n]));
    of.node = node_by_name.at(records[n].service);
    nodes[of.node].workers.push_back(ids[n]);
    if ((records[n].flags & kFleetIsShuttingDown) != 0) {
      is_shutting_down = true;
      exit_code = records[n].exit_code;
    }
    alarms.set(ids[n], of.instance->alarm());
  }
}

}  // namespace foster::core
