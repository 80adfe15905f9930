// What happens to a process in the core, as Supervisor tells of it: its states are fewer, and follow each other in ways
// that listeners know.
#pragma once

#include <cstdint>
#include <vector>

#include "compat/event.hpp"
#include "core/cause.hpp"
#include "core/state.hpp"

namespace foster::supervisor::supervisord {

/// What was told of a process so far.
struct ToldProcess {
  compat::ProcessState state = compat::ProcessState::stopped;
  unsigned tries = 0;    ///< Starts that failed in a row.
  std::int64_t pid = 0;  ///< Of its last run; 0: none is known.
  friend bool operator==(const ToldProcess&, const ToldProcess&) = default;
};

/// One step of the core.
struct ProcessStep {
  core::State from = core::State::stopped;
  core::State to = core::State::stopped;
  core::CauseKind cause = core::CauseKind::none;
  bool has_ended = false;   ///< The main process is not alive any more.
  bool is_expected = true;  ///< It ended, and with one of the codes that are expected.
  std::int64_t pid = 0;     ///< Of the main process; 0: not known any more.
};

/// What is to be told of the step, in order; nothing for one that Supervisor does not know.
[[nodiscard]] std::vector<compat::Event> events_of(const compat::EventSource& source, const ProcessStep& step,
                                                   ToldProcess& told);

}  // namespace foster::supervisor::supervisord
