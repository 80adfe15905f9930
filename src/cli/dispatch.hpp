// argv to a command.
#pragma once

#include "cli/context.hpp"

namespace foster::cli {

/// Finds the command among the words (argv without argv[0]) and runs it.
[[nodiscard]] ExitCode dispatch(Context& context, Arguments words);

}  // namespace foster::cli
