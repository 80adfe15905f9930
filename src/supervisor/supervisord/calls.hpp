// Calls of clients who wait until a process runs, or has stopped.
#pragma once

#include <string>
#include <vector>

#include "compat/daemon.hpp"
#include "core/action.hpp"
#include "supervisor/loop.hpp"

namespace foster::supervisor::supervisord {

class Calls {
 public:
  enum class Goal : std::uint8_t { running, stopped };
  using Done = compat::Daemon::Done;

  explicit Calls(Loop& loop) : loop_(loop) {}

  void add(core::InstanceId id, Goal goal, Done done);
  /// Answers, from the loop, whoever has waited for this.
  void note(core::InstanceId id, core::State state);
  /// Nothing more will happen.
  void finish();

 private:
  struct Waiting {
    core::InstanceId id;
    Goal goal;
    Done done;
  };
  void answer(Done done, compat::Outcome<> outcome);

  Loop& loop_;
  std::vector<Waiting> waiting_;
};

}  // namespace foster::supervisor::supervisord
