// When a command written as one string needs a shell, and how it is taken apart when it does not.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace foster::config {

/// Splits by the quoting rules of POSIX: blanks separate, '…' is literal, "…" knows \" \\ \$ \`, a
/// backslash quotes one character. Empty where a quote or a final backslash is left open.
[[nodiscard]] std::optional<std::vector<std::string>> split_words(std::string_view command);

/// Whether `command` means something only a shell knows: an unquoted metacharacter, a glob, $, ~, a
/// variable set in front, a reserved word or a builtin as the first word, or a quote left open.
[[nodiscard]] bool needs_shell(std::string_view command);

/// The words quoted where they must be, so that `split_words` gives them back.
[[nodiscard]] std::string join_words(std::span<const std::string> words);

}  // namespace foster::config
