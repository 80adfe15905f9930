// Wall-clock time as text: RFC 3339 in UTC with milliseconds, "2031-05-07T09:30:00.250Z".
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace foster::api {

[[nodiscard]] std::string to_rfc3339(std::chrono::system_clock::time_point time);

/// Reads what `to_rfc3339` writes; empty for anything else.
[[nodiscard]] std::optional<std::chrono::system_clock::time_point> from_rfc3339(std::string_view text);

}  // namespace foster::api
