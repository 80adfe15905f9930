// Any bytes as text that may stand in an XML document.
#pragma once

#include <string>
#include <string_view>

namespace foster::compat {

/// Bytes that are no UTF-8, and characters that XML 1.0 cannot express (control characters other than tab and line
/// ends, U+FFFE and U+FFFF), become U+FFFD. All else stays, markup included.
[[nodiscard]] std::string valid_xml_text(std::string_view bytes);

/// Appends `bytes` as the content of an element that a parser reads back as `valid_xml_text(bytes)`.
void append_escaped(std::string& xml, std::string_view bytes);

}  // namespace foster::compat
