#include "compat/event_type.hpp"

#include <array>

namespace foster::compat {
namespace {

struct Entry {
  std::string_view name;
  EventType kind_of;
};

// In the order of the types.
constexpr std::array<Entry, kEventTypes> kTable{{
    {"EVENT", EventType::event},
    {"PROCESS_STATE", EventType::event},
    {"PROCESS_STATE_STOPPED", EventType::process_state},
    {"PROCESS_STATE_EXITED", EventType::process_state},
    {"PROCESS_STATE_STARTING", EventType::process_state},
    {"PROCESS_STATE_STOPPING", EventType::process_state},
    {"PROCESS_STATE_BACKOFF", EventType::process_state},
    {"PROCESS_STATE_FATAL", EventType::process_state},
    {"PROCESS_STATE_RUNNING", EventType::process_state},
    {"PROCESS_STATE_UNKNOWN", EventType::process_state},
    {"PROCESS_COMMUNICATION", EventType::event},
    {"PROCESS_COMMUNICATION_STDOUT", EventType::process_communication},
    {"PROCESS_COMMUNICATION_STDERR", EventType::process_communication},
    {"PROCESS_LOG", EventType::event},
    {"PROCESS_LOG_STDOUT", EventType::process_log},
    {"PROCESS_LOG_STDERR", EventType::process_log},
    {"REMOTE_COMMUNICATION", EventType::event},
    {"SUPERVISOR_STATE_CHANGE", EventType::event},
    {"SUPERVISOR_STATE_CHANGE_RUNNING", EventType::supervisor_state_change},
    {"SUPERVISOR_STATE_CHANGE_STOPPING", EventType::supervisor_state_change},
    {"TICK", EventType::event},
    {"TICK_5", EventType::tick},
    {"TICK_60", EventType::tick},
    {"TICK_3600", EventType::tick},
    {"PROCESS_GROUP", EventType::event},
    {"PROCESS_GROUP_ADDED", EventType::process_group},
    {"PROCESS_GROUP_REMOVED", EventType::process_group},
}};

constexpr const Entry& entry_of(EventType type) {
  return kTable.at(static_cast<std::size_t>(type));
}

}  // namespace

std::string_view name_of(EventType type) {
  return entry_of(type).name;
}

std::optional<EventType> event_type_from(std::string_view name) {
  for (std::size_t n = 0; n < kTable.size(); ++n) {
    if (kTable.at(n).name == name) return static_cast<EventType>(n);
  }
  return std::nullopt;
}

bool includes(EventType wanted, EventType type) {
  while (type != wanted && type != EventType::event) type = entry_of(type).kind_of;
  return type == wanted;
}

}  // namespace foster::compat
