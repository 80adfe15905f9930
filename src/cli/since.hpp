// "--since": a moment, as people write it.
#pragma once

#include <optional>
#include <string_view>

#include "cli/replies.hpp"

namespace foster::cli {

/// "90s", "1h30m", "2d" before now; "09:30" of today, "2031-05-07", "2031-05-07 09:30:00" of the local time; or an RFC
/// 3339 time, as JSON tells them. Empty: it is none of these.
[[nodiscard]] std::optional<WallTime> parse_since(std::string_view text, WallTime now);

}  // namespace foster::cli
