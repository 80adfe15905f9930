#include "compat/description.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <iterator>

namespace foster::compat {
namespace {

constexpr std::int64_t kMinute = 60;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;

void append_duration(std::string& text, std::int64_t seconds) {
  const std::int64_t days = seconds / kDay;
  const auto end = std::back_inserter(text);
  if (days != 0) fmt::format_to(end, FMT_COMPILE("{} {}, "), days, days == 1 ? "day" : "days");
  fmt::format_to(end, FMT_COMPILE("{}:{:02}:{:02}"), seconds % kDay / kHour, seconds % kHour / kMinute,
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

void append_description(std::string& text, const Process& process, std::int64_t now) {
  switch (process.state) {
    case ProcessState::running:
      fmt::format_to(std::back_inserter(text), FMT_COMPILE("pid {}, uptime "), process.pid);
      return append_duration(text, std::max<std::int64_t>(now - process.start, 0));
    case ProcessState::fatal:
    case ProcessState::backoff:
      text += process.spawn_error.empty() ? fmt::format("unknown error (try \"tail {}\")", process.name)
                                          : process.spawn_error;
      return;
    case ProcessState::stopped:
    case ProcessState::exited:
      text += process.start == 0 ? "Not started" : time_text(process.stop);
      return;
    default:
      return;
  }
}

std::string description_of(const Process& process, std::int64_t now) {
  std::string text;
  append_description(text, process, now);
  return text;
}

}  // namespace foster::compat
