// Any bytes as text that may stand in an XML document.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace foster::compat {

/// Whether all of it is UTF-8 and characters that XML 1.0 can express: no control characters other than tab and line
/// ends, no U+FFFE and U+FFFF.
[[nodiscard]] bool is_xml_text(std::string_view bytes);

/// What is none becomes U+FFFD. All else stays, markup included.
[[nodiscard]] std::string valid_xml_text(std::string bytes);

/// `bytes` as the content of an element that a parser reads back as `valid_xml_text(bytes)`.
class EscapedText {
 public:
  explicit EscapedText(std::string_view bytes);

  [[nodiscard]] std::size_t size() const { return size_; }
  /// @return Where it ends.
  [[nodiscard]] char* copy_to(char* begin) const;

 private:
  std::string_view bytes_;
  bool is_plain_;  ///< All of it stands for itself; what is not may, too.
  std::size_t size_;
};

void append_escaped(std::string& xml, std::string_view bytes);

}  // namespace foster::compat
