// Whether this program could take over from the one that runs: it looks at everything, and touches nothing.
#pragma once

namespace foster::supervisor {

inline constexpr const char* kTrialRole = "foster: trial";

/// The `main` of the role. Says "READY version" on --ready-fd, or why it could not; the exit code tells the same.
[[nodiscard]] int run_trial(int argc, char** argv);

}  // namespace foster::supervisor
