// The processes that foster starts as itself: told apart by argv[0], before anything else is looked at.
#pragma once

#include <optional>
#include <string>

namespace foster::cli {

/// Runs the reaper or the supervisor when this process was started as one.
/// @return Its exit code; empty: this process is a person's `foster`.
[[nodiscard]] std::optional<int> run_internal_role(int argc, char** argv);

}  // namespace foster::cli
