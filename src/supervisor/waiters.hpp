// Requests that are answered when they are done: which instances each waits for, and how it went.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "api/service.hpp"
#include "core/fleet.hpp"

namespace foster::supervisor {

/// What a request waits for.
enum class Goal : std::uint8_t {
  up,         ///< Ready, or ended with success and not to be restarted.
  restarted,  ///< Ready in a later run than the one at the time of the request.
  down,       ///< No process alive.
};

class Waiters {
 public:
  using Done = std::move_only_function<void(std::vector<api::Outcome>)>;

  /// Calls `done` once, when every instance has reached the goal or has failed to. With nothing to
  /// wait for, from within `check`.
  void add(const core::Fleet& fleet, std::span<const core::InstanceId> ids, Goal goal, Done done);

  /// A transition happened; counts failures. Before `check`.
  void note(const core::Transition& transition);

  /// Answers what can be answered now. Cheap when nobody waits.
  void check(const core::Fleet& fleet);

  /// Answers everything as it stands: foster is going down.
  void finish(const core::Fleet& fleet);

  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  struct Item {
    core::InstanceId id;
    std::string name;
    core::Run run_before;
    unsigned failures = 0;
    bool spawn_failed = false;
  };
  struct Waiting {
    std::vector<Item> items;
    Goal goal;
    Done done;
    std::vector<api::Outcome> outcomes;  ///< Of the first items; the next one is still pending.
  };

  [[nodiscard]] static std::optional<api::Outcome> judge(const core::Fleet& fleet, const Item& item, Goal goal);

  std::vector<Waiting> waiting_;
};

}  // namespace foster::supervisor
