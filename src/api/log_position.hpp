// Where a reader of a log stands, as text for clients: a cursor's own token, and how many bytes after it
// were already seen: "8812-40960~17". Letters, digits, '-', '.', ':' and '~' only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace foster::api {

struct LogPosition {
  std::string token;  ///< `LogCursor::position`.
  std::uint64_t seen = 0;
  friend bool operator==(const LogPosition&, const LogPosition&) = default;
};

[[nodiscard]] std::string to_string(const LogPosition& position);
[[nodiscard]] std::optional<LogPosition> log_position_from_string(std::string_view text);

}  // namespace foster::api
