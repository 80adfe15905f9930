// The live screen: carries facts and keys to the model, and what it draws to the terminal.
#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/target.hpp"
#include "cli/top/ecma48.hpp"

namespace foster::cli::top {

/// Shows the services of the target, those of these names where there are any, until somebody leaves. The terminal is
/// as it was afterwards, whatever ended it; SIGTERM, SIGHUP and SIGQUIT then end the process as they end any other.
/// @blocks Until then.
[[nodiscard]] ExitCode show_live(Context& context, const Target& target, const std::vector<std::string>& names,
                                 Ink ink);

}  // namespace foster::cli::top
