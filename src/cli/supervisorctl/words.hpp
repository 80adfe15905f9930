// The small languages of supervisorctl's command line and messages, which are those of the Python it was written in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace foster::cli::supervisorctl {

[[nodiscard]] std::string_view trimmed(std::string_view text);
/// At blanks of any number.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);
[[nodiscard]] bool has(const std::vector<std::string>& words, std::string_view word);
/// A whole number as `int()` reads it: a sign, digits, single underscores between them. Numbers beyond 32 bits, which
/// cannot be sent, are the nearest that can.
[[nodiscard]] std::optional<std::int32_t> number_of(std::string_view text);
/// In quotes, as `repr()` writes it.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace foster::cli::supervisorctl
