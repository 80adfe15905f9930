// The entry of the process that the reaper starts: argv[0] is "foster: supervisor".
#pragma once

namespace foster::supervisor {

/// Runs the supervisor with the arguments the reaper gives (reaper/supervisor_process.hpp): --channel N,
/// --lock N, --ready-fd N, --name NAME, --runtime-dir DIR, --state-dir DIR, --log-dir DIR, --config FILE.
/// Writes "READY" to the ready descriptor once it listens, or the one line that says why it cannot.
///
/// @return The exit code of the process.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace foster::supervisor
