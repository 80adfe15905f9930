// How long foster does not answer when its supervisor is killed.
#pragma once

#include "campaign.hpp"
#include "report.hpp"

namespace foster::chaos {

/// Kills the supervisor `options.rounds` times under `options.services` services, each time until it answers again.
void measure_recovery(const Options& options, Report& report);

}  // namespace foster::chaos
