// TOML text to raw values and back. The only mention of the toml++ library is in toml.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/raw.hpp"

namespace foster::config {

/// How much of a text could be read. What is missing from a part is no finding.
enum class Completeness : std::uint8_t { whole, without_some_keys, without_some_sections };

struct TomlText {
  RawTable table;  ///< What could be read, even where something could not.
  Completeness completeness = Completeness::whole;
  std::vector<Diagnostic> diagnostics;  ///< Syntax errors; none where the text is complete.
};

/// Reads TOML 1.0. After a syntax error reading goes on behind it, so that one slip does not hide the
/// next; a section reports its first one only, as the others often follow from it. Nesting deeper than
/// any config needs is refused.
[[nodiscard]] TomlText parse_toml(std::string_view text, std::string_view path_for_messages);

/// The table as TOML that `parse_toml` reads back to equal values, one `[a.b]` section for each table
/// two levels down, inline tables below. Text must be UTF-8.
[[nodiscard]] std::string write_toml(const RawTable& table);

}  // namespace foster::config
