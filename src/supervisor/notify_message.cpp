#include "supervisor/notify_message.hpp"

#include <charconv>

namespace foster::supervisor {
namespace {

constexpr std::size_t kMaxStatus = 200;
// A day. Longer is no timeout any more, and keeps sums far from overflow.
constexpr std::uint64_t kMaxMicroseconds = 86'400'000'000;

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::microseconds> microseconds(std::string_view digits) {
  const auto value = number(digits);
  if (!value || *value > kMaxMicroseconds) return std::nullopt;
  return std::chrono::microseconds(*value);
}

// Shown on terminals: control bytes of a service must not reach them.
std::string printable(std::string_view text) {
  std::string clean(text.substr(0, kMaxStatus));
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return clean;
}

void apply(NotifyMessage& message, std::string_view key, std::string_view value) {
  if (key == "READY") {
    message.ready |= value == "1";
  } else if (key == "RELOADING") {
    message.reloading |= value == "1";
  } else if (key == "STOPPING") {
    message.stopping |= value == "1";
  } else if (key == "WATCHDOG") {
    message.watchdog |= value == "1";
  } else if (key == "STATUS") {
    message.status = printable(value);
  } else if (key == "MAINPID") {
    if (const auto pid = number(value); pid && *pid > 0 && *pid <= 0x7fff'ffff) {
      message.main_pid = Pid(static_cast<pid_t>(*pid));
    }
  } else if (key == "EXTEND_TIMEOUT_USEC") {
    message.extend_timeout = microseconds(value);
  } else if (key == "WATCHDOG_USEC") {
    message.watchdog_period = microseconds(value);
  }
}

}  // namespace

NotifyMessage parse_notify_message(std::string_view text) {
  NotifyMessage message;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (const std::size_t equals = line.find('='); equals != std::string_view::npos) {
      apply(message, line.substr(0, equals), line.substr(equals + 1));
    }
  }
  return message;
}

}  // namespace foster::supervisor
