// One transition of an instance as it is stored.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/cause.hpp"
#include "core/event.hpp"
#include "core/run_end.hpp"
#include "core/state.hpp"
#include "core/time.hpp"

namespace foster::journal {

struct EventRecord {
  std::uint64_t id = 0;                        ///< Grows by one from event to event; given by `Journal::append`.
  std::chrono::system_clock::time_point wall;  ///< Stored in microseconds.
  core::Instant monotonic;                     ///< Of the boot it was written in.
  std::string instance;                        ///< "web" or "web:0".
  core::Run run = 0;                           ///< 0: before the first one.
  core::State from = core::State::stopped;
  core::State to = core::State::stopped;
  core::Cause cause;
  std::optional<core::RunEnd> end = {};  ///< Of the transition that tells the end of a run.

  friend bool operator==(const EventRecord&, const EventRecord&) = default;
};

}  // namespace foster::journal
