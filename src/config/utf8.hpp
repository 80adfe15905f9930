// Code points of UTF-8 text: to check it, count columns and put a caret under the right character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace foster::config {

struct CodePoint {
  char32_t value;
  std::size_t length;  ///< Bytes; at least 1.
  bool valid;          ///< false: `value` is meaningless, `length` is 1.
};

/// The code point that begins at byte `at`, which lies within the text. Overlong forms, surrogates and
/// values above U+10FFFF are not valid.
[[nodiscard]] CodePoint decode_utf8(std::string_view text, std::size_t at);

/// Appends the bytes of a valid code point.
void append_utf8(std::string& text, char32_t value);

[[nodiscard]] bool is_utf8(std::string_view text);

/// How many there are; each invalid byte counts as one.
[[nodiscard]] std::size_t code_points(std::string_view text);

/// Where the code point number `index` (from 0) begins; the size of the text where it has fewer.
[[nodiscard]] std::size_t byte_offset(std::string_view text, std::size_t index);

/// A C0 or C1 control character, DEL, or one that changes the direction of what follows.
[[nodiscard]] bool is_control(char32_t value);

/// Terminal cells: 0, 1 or 2.
[[nodiscard]] std::size_t display_width(char32_t value);

}  // namespace foster::config
