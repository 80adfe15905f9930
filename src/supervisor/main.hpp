// The entries of two processes: argv[0] is "foster: supervisor" or "foster: trial".
#pragma once

namespace foster::supervisor {

/// Runs the supervisor with the arguments the reaper gives (reaper/supervisor_process.hpp): --channel N,
/// --lock N, --ready-fd N, --name NAME, --runtime-dir DIR, --state-dir DIR, --log-dir DIR, --config FILE.
/// Writes "READY" to the ready descriptor once it listens, or the one line that says why it cannot.
///
/// @return The exit code of the process.
[[nodiscard]] int run(int argc, char** argv);

inline constexpr const char* kTrialRole = "foster: trial";

/// Whether this program could take over from the one that runs: looks at everything, and touches nothing. Writes
/// "READY version" to the ready descriptor, or why it could not.
///
/// @return The exit code of the process: 0 it could.
[[nodiscard]] int run_trial(int argc, char** argv);

}  // namespace foster::supervisor
