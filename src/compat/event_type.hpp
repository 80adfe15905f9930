// What event listeners can ask for, and what they are told with.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace foster::compat {

enum class EventType : std::uint8_t {
  event,
  process_state,
  process_state_stopped,
  process_state_exited,
  process_state_starting,
  process_state_stopping,
  process_state_backoff,
  process_state_fatal,
  process_state_running,
  process_state_unknown,
  process_communication,
  process_communication_stdout,
  process_communication_stderr,
  process_log,
  process_log_stdout,
  process_log_stderr,
  remote_communication,
  supervisor_state_change,
  supervisor_state_change_running,
  supervisor_state_change_stopping,
  tick,
  tick_5,
  tick_60,
  tick_3600,
  process_group,
  process_group_added,
  process_group_removed,
};

inline constexpr unsigned kEventTypes = static_cast<unsigned>(EventType::process_group_removed) + 1;

/// "PROCESS_STATE_EXITED"
[[nodiscard]] std::string_view name_of(EventType type);
[[nodiscard]] std::optional<EventType> event_type_from(std::string_view name);

/// Whether whoever asks for `wanted` is told of `type`: the same, or one of its kinds.
[[nodiscard]] bool includes(EventType wanted, EventType type);

}  // namespace foster::compat
