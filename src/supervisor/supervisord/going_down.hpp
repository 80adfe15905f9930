// All processes of a supervisord are stopped, group by group: the last in the order goes first, and the next one when
// nothing of it lives.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/engine.hpp"
#include "supervisor/supervisord/event_pools.hpp"
#include "supervisor/supervisord/groups.hpp"

namespace foster::supervisor::supervisord {

/// The last first.
[[nodiscard]] std::vector<core::InstanceId> members_that_live(const core::Fleet& fleet, const Group& group);

class GoingDown {
 public:
  /// What it works with; all of it outlives it.
  struct Tools {
    Loop& loop;
    Engine& engine;
    const Groups& groups;
    EventPools& events;
    std::function<void(config::supervisord::LogLevel level, const std::string& text)> log;
    std::function<void()> all_are_down;  ///< At each look that finds nothing alive.
  };

  explicit GoingDown(Tools tools);

  /// Begins, or looks what can go on. Nothing happens before the loop's next turn: this is called from within what is
  /// being done, or from a request that is still to be answered.
  void go_on();

 private:
  void look();
  void stop(const std::vector<core::InstanceId>& members);
  [[nodiscard]] bool is_still_talking(const Group& group);

  Tools tools_;
  Timer patience_;
  std::optional<core::Instant> patience_ends_;  ///< Of a pool whose turn to stop has come.
  bool is_due_ = false;
};

}  // namespace foster::supervisor::supervisord
