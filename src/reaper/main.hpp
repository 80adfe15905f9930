// The entry of the process that foster starts as its reaper: argv[0] is "foster: reaper".
#pragma once

namespace foster::reaper {

/// Takes the instance's lock, and is the reaper for life. Whoever waits at
/// --ready-fd hears from the supervisor, or from here why there is none.
///
/// @return The exit code of the process.
[[nodiscard]] int run_role(int argc, char** argv);

}  // namespace foster::reaper
