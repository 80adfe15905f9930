// Turns events into actions and actions into deeds, one at a time: the fleet decides, the ledger
// remembers, the executor does. Whatever happens meanwhile waits its turn.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "core/fleet.hpp"
#include "supervisor/loop.hpp"

namespace foster::supervisor {

class Engine {
 public:
  struct Callbacks {
    /// Before anything of a step is stored: what will be told of it, and whose record it changes.
    std::function<void(std::span<const core::InstanceId>, const core::Actions&)> announce;
    /// Before the actions of a step are done: what must survive us.
    std::function<void(core::InstanceId)> store;
    std::function<void(const core::Action&)> execute;
    /// After what changed is stored, and before anything is done about it.
    std::function<void()> stored;
    /// After all that was due is done.
    std::function<void()> settled;
  };

  Engine(Loop& loop, core::Fleet fleet, Callbacks callbacks);

  [[nodiscard]] const core::Fleet& fleet() const { return fleet_; }

  /// A fact or a wish about one instance, or a wish about several at once.
  void report(core::InstanceId id, core::Event event);
  void report(std::span<const core::InstanceId> ids, const core::Event& event);
  /// `stored` is called when the ledger knows what comes of it, and nothing is done about it yet.
  void apply(core::Model model, const core::Cause& cause, std::function<void()> stored);
  void shut_down(int code, const core::Cause& cause);
  /// What is due; also the first thing after a recovery.
  void tick();

 private:
  struct Step {
    std::move_only_function<core::Actions(core::Fleet&, core::Instant)> decide;
    std::function<void()> stored = [] {};  ///< Of this one alone.
  };

  void take(Step step);
  void perform(const core::Actions& actions, const Step& step);

  core::Fleet fleet_;
  Callbacks callbacks_;
  Timer timer_;
  std::deque<Step> inbox_;
  bool busy_ = false;
};

}  // namespace foster::supervisor
