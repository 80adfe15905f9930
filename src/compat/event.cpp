#include "compat/event.hpp"

#include <fmt/format.h>

#include "config/utf8.hpp"

namespace foster::compat {
namespace {

EventType event_type_of(ProcessState state) {
  switch (state) {
    case ProcessState::stopped:
      return EventType::process_state_stopped;
    case ProcessState::starting:
      return EventType::process_state_starting;
    case ProcessState::running:
      return EventType::process_state_running;
    case ProcessState::backoff:
      return EventType::process_state_backoff;
    case ProcessState::stopping:
      return EventType::process_state_stopping;
    case ProcessState::exited:
      return EventType::process_state_exited;
    case ProcessState::fatal:
      return EventType::process_state_fatal;
    case ProcessState::unknown:
      break;
  }
  return EventType::process_state_unknown;
}

std::string details_text(ProcessState state, const StateDetails& details) {
  switch (state) {
    case ProcessState::starting:
    case ProcessState::backoff:
      return fmt::format(" tries:{}", details.tries);
    case ProcessState::exited:
      return fmt::format(" expected:{:d} pid:{}", details.is_expected, details.pid);
    case ProcessState::running:
    case ProcessState::stopping:
    case ProcessState::stopped:
      return fmt::format(" pid:{}", details.pid);
    case ProcessState::fatal:
    case ProcessState::unknown:
      break;
  }
  return {};
}

// As Python shows bytes.
std::string shown(std::string_view bytes) {
  const bool has_single = bytes.find('\'') != std::string_view::npos;
  const char quote = has_single && bytes.find('"') == std::string_view::npos ? '"' : '\'';
  std::string text = "b";
  text += quote;
  for (const char c : bytes) {
    if (c == quote || c == '\\') {
      text += '\\';
      text += c;
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\r') {
      text += "\\r";
    } else if (c == '\t') {
      text += "\\t";
    } else if (c >= ' ' && c < 0x7f) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  text += quote;
  return text;
}

std::string named(const EventSource& source) {
  return fmt::format("processname:{} groupname:{}", source.process, source.group);
}

}  // namespace

std::string as_text(std::string_view data) {
  return config::is_utf8(data) ? std::string(data) : "Undecodable: " + shown(data);
}

Event process_state_event(const EventSource& source, ProcessState from, ProcessState to, const StateDetails& details) {
  return {event_type_of(to),
          fmt::format("{} from_state:{}{}", named(source), name_of(from), details_text(to, details))};
}

Event communication_event(const EventSource& source, Channel channel, std::int64_t pid, std::string_view data) {
  const bool is_out = channel == Channel::standard_output;
  return {is_out ? EventType::process_communication_stdout : EventType::process_communication_stderr,
          fmt::format("{} pid:{}\n{}", named(source), pid, as_text(data))};
}

Event log_event(const EventSource& source, Channel channel, std::int64_t pid, std::string_view data) {
  const bool is_out = channel == Channel::standard_output;
  return {is_out ? EventType::process_log_stdout : EventType::process_log_stderr,
          fmt::format("{} pid:{} channel:{}\n{}", named(source), pid, is_out ? "stdout" : "stderr", as_text(data))};
}

Event remote_event(std::string_view type, std::string_view data) {
  return {EventType::remote_communication, fmt::format("type:{}\n{}", as_text(type), as_text(data))};
}

Event tick_event(EventType type, std::int64_t epoch) {
  const std::int64_t period = period_of(type);
  return {type, fmt::format("when:{}", period == 0 ? epoch : epoch - epoch % period)};
}

Event group_event(EventType type, std::string_view group) {
  return {type, fmt::format("groupname:{}\n", group)};
}

Event daemon_event(EventType type) {
  return {type, {}};
}

std::int64_t period_of(EventType type) {
  switch (type) {
    case EventType::tick_5:
      return 5;
    case EventType::tick_60:
      return 60;
    case EventType::tick_3600:
      return 3600;
    default:
      return 0;
  }
}

}  // namespace foster::compat
