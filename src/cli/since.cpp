#include "cli/since.hpp"

#include <ctime>
#include <string>

#include "api/timestamp.hpp"
#include "config/values.hpp"

namespace foster::cli {
namespace {

std::optional<WallTime> local_time(const std::string& text, WallTime now) {
  const std::time_t today = std::chrono::system_clock::to_time_t(now);
  for (const char* format : {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d",
                             "%H:%M:%S", "%H:%M"}) {
    std::tm parts{};
    (void)::localtime_r(&today, &parts);
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end == nullptr || *end != '\0') continue;
    parts.tm_isdst = -1;  // the zone's own rules tell
    const std::time_t seconds = std::mktime(&parts);
    if (seconds == -1) return std::nullopt;
    return std::chrono::system_clock::from_time_t(seconds);
  }
  return std::nullopt;
}

}  // namespace

std::optional<WallTime> parse_since(std::string_view text, WallTime now) {
  if (const auto ago = config::parse_duration(text)) {
    return now - std::chrono::duration_cast<WallTime::duration>(*ago);
  }
  if (const auto time = api::from_rfc3339(text)) return time;
  return local_time(std::string(text), now);
}

}  // namespace foster::cli
