// How the parts of the supervisor tell what happened: a fact about an instance, never a decision.
#pragma once

#include <functional>

#include "core/action.hpp"
#include "core/event.hpp"

namespace foster::supervisor {

/// Safe to call from anywhere on the loop, also from within an action: events queue up and are
/// handled one after the other.
using Report = std::function<void(core::InstanceId, core::Event)>;

}  // namespace foster::supervisor
