// JSON text to raw values and back. The only mention of the Boost.JSON library in this layer is in json.cpp.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/raw.hpp"

namespace foster::config {

/// Reads one JSON object; its values have no positions. The error is one sentence that says where and
/// what is wrong.
[[nodiscard]] std::expected<RawTable, std::string> parse_json(std::string_view text);

/// The table as one line of JSON. Text must be UTF-8.
[[nodiscard]] std::string write_json(const RawTable& table);

}  // namespace foster::config
