// What start, stop and restart have in common.
#pragma once

#include "api/service.hpp"
#include "cli/command_table.hpp"

namespace foster::cli::commands {

/// Parses the options, asks, waits, and tells how each service came out.
[[nodiscard]] ExitCode change(Context& context, const Command& command, Arguments arguments, api::Verb verb);

/// "did not become ready", as an outcome that is not ok is told.
[[nodiscard]] std::string_view failure_of(api::Verb verb);

}  // namespace foster::cli::commands
