// How to end a process: ask, wait, insist. One plan for a child, a worker and a daemon.
#pragma once

#include <chrono>
#include <csignal>

#include <foster/signal.hpp>

namespace foster {

/// Ask by `signal`, wait up to `patience` for the end, then insist by SIGKILL.
struct StopPlan {
  Signal signal = *Signal::from_number(SIGTERM);
  std::chrono::milliseconds patience = std::chrono::seconds(10);  ///< Zero insists at once.
  friend bool operator==(const StopPlan&, const StopPlan&) = default;
};

}  // namespace foster
