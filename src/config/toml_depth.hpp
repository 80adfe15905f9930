// A guard in front of the TOML library, which has no limit on the parts of a dotted key: each becomes a
// table in a table, and enough of them overflow the stack.
#pragma once

#include <optional>
#include <string_view>

#include "config/diagnostic.hpp"

namespace foster::config {

/// No key of a config has more parts.
inline constexpr unsigned kMaxDottedParts = 16;

/// Where a key begins to have more than `kMaxDottedParts` parts, if one has.
[[nodiscard]] std::optional<Position> find_deep_dotted_key(std::string_view text);

}  // namespace foster::config
