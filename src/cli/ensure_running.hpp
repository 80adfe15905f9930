// A foster to talk to, started where none runs.
#pragma once

#include <optional>

#include "cli/context.hpp"
#include "cli/target.hpp"

namespace foster::cli {

/// @return Nothing when it runs; otherwise the exit code after the complaint.
[[nodiscard]] std::optional<ExitCode> ensure_running(Context& context, const Target& target);

/// Whether it answers.
[[nodiscard]] bool is_running(const Target& target);

}  // namespace foster::cli
