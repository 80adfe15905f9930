// The states of the core in Supervisor's words.
#pragma once

#include "compat/process_state.hpp"
#include "core/state.hpp"

namespace foster::supervisor::supervisord {

/// Supervisor knows no waiting for others: who waits is on its way up.
[[nodiscard]] compat::ProcessState state_of(core::State state);

}  // namespace foster::supervisor::supervisord
