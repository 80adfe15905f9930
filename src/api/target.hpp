// The target of an HTTP request, taken apart: "/v1/services/web%3A0/log?lines=10".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.hpp"

namespace foster::api {

struct Target {
  std::string path;  ///< Still encoded.
  std::vector<Parameter> query;
};

/// Empty for a target that is no path, or whose query has a broken percent escape.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

/// "web%3A0" to "web:0". Empty for a broken escape.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// Everything but unreserved characters escaped, for one path segment or one query value.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace foster::api
