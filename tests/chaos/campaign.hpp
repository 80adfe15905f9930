// A whole campaign: services are started, things happen to them and to foster, and the oracle judges.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "report.hpp"

namespace foster::chaos {

struct Options {
  std::string foster;
  std::string speaker;
  std::chrono::seconds seconds{60};
  std::uint64_t seed = 1;
  std::uint64_t sweep_step = 1;
  unsigned services = 100;
  unsigned rounds = 200;
  bool keeps_files = false;
  std::string sweep_only;  ///< One operation of a sweep; empty: all.
};

void run_campaign(const Options& options, Report& report);

}  // namespace foster::chaos
