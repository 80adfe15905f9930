// Not at random: the supervisor is killed at each system call of an operation in turn, and each time the outcome is
// judged. Also: each call of a recovery fails once.
#pragma once

#include "campaign.hpp"
#include "report.hpp"

namespace foster::chaos {

/// Every `options.sweep_step`-th moment of a start, a stop, a restart, a reload, an upgrade and a recovery.
void run_sweep(const Options& options, Report& report);

/// Every call of a recovery that may fail, once.
void run_failing_calls(const Options& options, Report& report);

}  // namespace foster::chaos
