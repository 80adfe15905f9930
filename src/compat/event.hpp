// Events as listeners are told of them: their type, and the text that says the rest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "compat/daemon.hpp"
#include "compat/event_type.hpp"
#include "compat/process_state.hpp"

namespace foster::compat {

struct Event {
  EventType type = EventType::event;
  std::string payload = {};  ///< UTF-8.
  friend bool operator==(const Event&, const Event&) = default;
};

/// Of which process an event tells.
struct EventSource {
  std::string_view group;
  std::string_view process;
};

/// What an event of a state says beside the states; each kind of event says some of it.
struct StateDetails {
  unsigned tries = 0;       ///< Starts that failed in a row.
  bool is_expected = true;  ///< An exit with one of the codes that are.
  std::int64_t pid = 0;     ///< 0: none.
};

/// A process that came from one state into another.
[[nodiscard]] Event process_state_event(const EventSource& source, ProcessState from, ProcessState to,
                                        const StateDetails& details);
/// What a process wrote between the tags of capture mode.
[[nodiscard]] Event communication_event(const EventSource& source, Channel channel, std::int64_t pid,
                                        std::string_view data);
/// What a process wrote.
[[nodiscard]] Event log_event(const EventSource& source, Channel channel, std::int64_t pid, std::string_view data);
/// What a client of the daemon wants everybody to know.
[[nodiscard]] Event remote_event(std::string_view type, std::string_view data);
/// @param type  One of the three ticks.
/// @param epoch Seconds; rounded down to a multiple of the tick's period.
[[nodiscard]] Event tick_event(EventType type, std::int64_t epoch);
/// @param type A group that was added or removed.
[[nodiscard]] Event group_event(EventType type, std::string_view group);
/// @param type The daemon runs now, or has begun to stop.
[[nodiscard]] Event daemon_event(EventType type);

/// What a process wrote, as it is told: what is no UTF-8 in Python's notation of bytes.
[[nodiscard]] std::string as_text(std::string_view data);

/// Seconds from one tick to the next; 0 for a type that is no tick.
[[nodiscard]] std::int64_t period_of(EventType type);

}  // namespace foster::compat
