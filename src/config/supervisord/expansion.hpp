// %(name)s in values: Python's %-formatting with a table of names.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "config/values.hpp"

namespace foster::config::supervisord {

/// What a name stands for: %d and its like take numbers only.
using Expansion = std::variant<std::string, std::int64_t>;
using Expansions = std::map<std::string, Expansion, std::less<>>;

struct Expanded {
  std::string text;
  /// A "%s" without a name was left as it is. Supervisor would write its whole table of names there.
  bool has_nameless = false;
};

/// The text with every %(name)s replaced and "%%" as "%". Flags, width and precision are those of printf.
///
/// @errors An unknown name, with the known ones; a "%" that begins nothing; a number wanted of a text.
[[nodiscard]] Parsed<Expanded> expand(std::string_view text, const Expansions& names);

}  // namespace foster::config::supervisord
