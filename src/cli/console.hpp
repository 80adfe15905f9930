// The output of a container: what all services write goes to the standard output that foster was given.
#pragma once

#include "cli/context.hpp"
#include "cli/target.hpp"
#include "core/model.hpp"

namespace foster::cli {

/// Forks a process that shows the output of all services, each line behind its name, until foster has
/// ended. The parent goes on to become the reaper. Call with one thread.
/// @errors fork(2)'s.
[[nodiscard]] Result<> start_console(Context& context, const Target& target, const core::Model& model);

}  // namespace foster::cli
