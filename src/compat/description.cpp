#include "compat/description.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace foster::compat {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

using Buffer = fmt::basic_memory_buffer<char, 64>;

void append_duration(Buffer& text, std::int64_t seconds) {
  const std::int64_t days = seconds / kDay;
  if (days != 0) fmt::format_to(fmt::appender(text), FMT_COMPILE("{} {}, "), days, days == 1 ? "day" : "days");
  fmt::format_to(fmt::appender(text), FMT_COMPILE("{}:{:02}:{:02}"), seconds % kDay / kHour, seconds % kHour / kMinute,
                 seconds % kMinute);
}

// In the words of the C locale, whatever this process has.
std::string time_text(std::int64_t seconds) {
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t time = seconds;
  std::tm parts{};
  if (::localtime_r(&time, &parts) == nullptr) return {};
  const int hour = parts.tm_hour % 12 == 0 ? 12 : parts.tm_hour % 12;
  return fmt::format("{} {:02} {:02}:{:02} {}", kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_mday, hour,
                     parts.tm_min, parts.tm_hour < 12 ? "AM" : "PM");
}

}  // namespace

std::string description_of(const Process& process, std::int64_t now) {
  switch (process.state) {
    case ProcessState::running: {
      const auto uptime = std::max<std::int64_t>(now - process.start, 0);
      Buffer text;
      fmt::format_to(fmt::appender(text), FMT_COMPILE("pid {}, uptime "), process.pid);
      append_duration(text, uptime);
      return fmt::to_string(text);
    }
    case ProcessState::fatal:
    case ProcessState::backoff:
      if (!process.spawn_error.empty()) return process.spawn_error;
      return fmt::format("unknown error (try \"tail {}\")", process.name);
    case ProcessState::stopped:
    case ProcessState::exited:
      return process.start == 0 ? "Not started" : time_text(process.stop);
    default:
      return {};
  }
}

}  // namespace foster::compat
