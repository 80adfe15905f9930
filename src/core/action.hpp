// What the world is asked to do. supervisor/executor.cpp is the only place where one becomes a deed.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <foster/signal.hpp>

#include "core/cause.hpp"
#include "core/event.hpp"
#include "core/model.hpp"
#include "core/state.hpp"

namespace foster::core {

/// The number of an instance: its slot in the ledger. Stable for the instance's life, then reused.
using InstanceId = std::uint32_t;

/// One step of one instance, for the journal, the event stream and `foster why`.
struct Transition {
  InstanceId id;
  State from;
  State to;
  Run run;
  Cause cause;
};

namespace action {

/// Start a run. Answered by Spawned or SpawnFailed.
struct Spawn {
  InstanceId id;
  Run run;
};
/// Send a signal to the main process, or to its process group.
struct SendSignal {
  InstanceId id;
  Run run;
  Signal signal;
  StopTarget target;
};
/// Kill everything of the run that is still alive, the main process included. Answered by Gone.
struct KillRest {
  InstanceId id;
  Run run;
};
/// Begin to watch for readiness as the service says; answered by Ready or NotReady.
struct WatchReadiness {
  InstanceId id;
  Run run;
};
/// Nobody waits for readiness any more.
struct ForgetReadiness {
  InstanceId id;
  Run run;
};
/// The instance was removed from the model and nothing of it is alive: release what belongs to it.
struct Retire {
  InstanceId id;
};
/// Tell the world.
struct Publish {
  Transition transition;
};
/// Everything is down and is to stay down: end with this exit code.
struct Exit {
  int code;
};

}  // namespace action

using Action = std::variant<action::Spawn, action::SendSignal, action::KillRest, action::WatchReadiness,
                            action::ForgetReadiness, action::Retire, action::Publish, action::Exit>;
using Actions = std::vector<Action>;

}  // namespace foster::core
