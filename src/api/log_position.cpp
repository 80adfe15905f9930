#include "api/log_position.hpp"

#include <charconv>

namespace foster::api {

std::string to_string(const LogPosition& position) {
  return position.seen == 0 ? position.token : position.token + "~" + std::to_string(position.seen);
}

std::optional<LogPosition> log_position_from_string(std::string_view text) {
  const auto tilde = text.find('~');
  LogPosition position{.token = std::string(text.substr(0, tilde))};
  if (position.token.empty()) return std::nullopt;
  for (const char c : position.token) {
    const bool is_plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == ':';
    if (!is_plain) return std::nullopt;
  }
  if (tilde == std::string_view::npos) return position;
  const std::string_view digits = text.substr(tilde + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position.seen);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return position;
}

}  // namespace foster::api
