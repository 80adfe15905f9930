// Blanks as Python knows them, which is what the files were written for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace foster::config::supervisord {

/// A blank, tab or line end of any alphabet.
[[nodiscard]] bool is_space(char32_t point);

/// Without what is blank at both ends, or at one.
[[nodiscard]] std::string_view strip(std::string_view text);
[[nodiscard]] std::string_view strip_left(std::string_view text);
[[nodiscard]] std::string_view strip_right(std::string_view text);

/// Words between blanks.
[[nodiscard]] std::vector<std::string_view> split_blanks(std::string_view text);

/// Letters of ASCII in lower or upper case; others stay.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string upper(std::string_view text);

}  // namespace foster::config::supervisord
