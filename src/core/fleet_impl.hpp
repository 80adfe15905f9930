// The inside of a Fleet, shared by its files alone: fleet.cpp (the door), fleet_roster.cpp (who is there),
// fleet_settle.cpp (wanted against actual). Looking for what a fleet can do? core/fleet.hpp
#pragma once

#include <array>
#include <cassert>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/alarms.hpp"
#include "core/dependencies.hpp"
#include "core/fleet.hpp"
#include "core/step.hpp"

namespace foster::core {

struct Fleet::Impl {
  explicit Impl(std::uint64_t with_seed) : seed(with_seed) {}

  // What an instance last counted for in the sums of its service.
  struct Counted {
    bool is_counted = false;
    State state = State::stopped;
    Provision provision = Provision::down;
    bool is_member = false;  // not removed
    bool is_alive = false;
    bool is_stopping_by_order = false;
    bool is_on_first_way_up = false;
  };

  struct Slot {
    std::optional<Instance> instance;
    std::uint32_t node = 0;
    Counted counted;
    bool is_dirty = false;    // to be settled
    bool is_changed = false;  // its record is to be stored
  };

  // A service with its instances and their sums, so that nobody has to look at all of them.
  struct Node {
    const Service* service = nullptr;
    bool is_leaving = false;
    std::vector<InstanceId> workers;           // removed ones included
    std::array<std::uint32_t, 3> provision{};  // members, by Provision
    std::uint32_t alive = 0;
    std::uint32_t stopping_by_order = 0;
    std::uint32_t on_first_way_up = 0;  // members
    // What dependants were last told.
    struct Told {
      Provision provision = Provision::ready;
      std::optional<InstanceId> speaker;  // whose state the reason names
      State state = State::stopped;
      std::optional<InstanceId> on_way_up;  // whom those that come after wait for
      State on_way_up_state = State::stopped;
      friend bool operator==(const Told&, const Told&) = default;
    } told;
    std::uint64_t visited = 0;
  };

  // fleet_roster.cpp: who is there.
  void adopt_model(Model wanted);
  void rebuild_nodes();
  void remake_sums();
  [[nodiscard]] InstanceId add_instance(std::uint32_t node, unsigned index, Instant now);
  [[nodiscard]] std::optional<InstanceId> find_worker(const Node& node, unsigned index) const;
  void staff_service(std::uint32_t at, const Cause& cause, Instant now, Actions& actions);
  void dismiss(InstanceId id, const Cause& cause, Instant now, Actions& actions);
  void retire(InstanceId id, Actions& actions);
  void restore_instances(std::span<const InstanceId> ids, std::span<const InstanceRecord> records);

  // fleet.cpp: what is asked.
  [[nodiscard]] Scene scene(InstanceId id, Instant now, Actions& actions) const;
  void tell(InstanceId id, const Event& event, Instant now, Actions& actions);
  void redefine(std::uint32_t at, const ServiceChange& change, Instant now, Actions& actions);
  void start_needs_of(std::uint32_t at, Instant now, Actions& actions);
  void begin_shut_down(int code, const Cause& cause, Instant now, Actions& actions);
  void stop_everybody(const Cause& cause, Instant now, Actions& actions);
  void resume(Instant now, Actions& actions);

  // fleet_settle.cpp: wanted against actual.
  void touch(InstanceId id);
  void mark_dirty(InstanceId id);
  void mark_changed(InstanceId id);
  void count(Slot& slot, Counted now);
  void tell_neighbours(std::uint32_t at, const Counted& before, const Counted& after);
  [[nodiscard]] std::optional<InstanceId> speaker_of(const Node& node, Provision provision) const;
  [[nodiscard]] std::optional<InstanceId> on_way_up_of(const Node& node) const;
  [[nodiscard]] Node::Told told_by(const Node& node) const;
  [[nodiscard]] std::string reason_of(InstanceId id) const;
  [[nodiscard]] Provision provision_of(const Node& node) const;
  [[nodiscard]] Surroundings surroundings_of(const Slot& slot) const;
  [[nodiscard]] Surroundings::Gate gate_of(const Slot& slot) const;
  void settle(Instant now, Actions& actions);
  void settle_one(InstanceId id, Instant now, Actions& actions);
  void follow_up(Instant now, Actions& actions);

  [[nodiscard]] Slot* slot(InstanceId id) { return id < slots.size() && slots[id].instance ? &slots[id] : nullptr; }
  [[nodiscard]] const Slot& at(InstanceId id) const {
    assert(id < slots.size() && slots[id].instance);
    return slots[id];
  }
  [[nodiscard]] const Service& service_of(const Slot& of) const { return *nodes[of.node].service; }

  std::uint64_t seed;
  Model model;
  std::vector<std::unique_ptr<Service>> leaving;  // no longer in the model, but not down yet
  std::vector<Slot> slots;                        // by id
  InstanceId lowest_free = 0;
  std::vector<Node> nodes;  // the model's services, then the leaving ones
  std::unordered_map<std::string_view, std::uint32_t> node_by_name;
  DependencyGraph graph;
  Alarms alarms;
  std::vector<InstanceId> dirty;
  std::vector<InstanceId> batch;  // being settled
  std::vector<InstanceId> changed;
  std::optional<InstanceId> essential;  // ended for good in this step
  std::vector<InstanceId> retiring;
  std::uint64_t visit = 0;
  std::uint32_t alive = 0;
  int exit_code = 0;
  bool is_shutting_down = false;
  bool exit_was_told = false;
  bool is_restored = false;  // nothing is settled before the first tick
};

}  // namespace foster::core
