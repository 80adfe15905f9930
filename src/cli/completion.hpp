// Completion scripts, made from the command table. They ask foster itself for options and names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace foster::cli {

/// For bash, zsh or fish; empty for another shell.
[[nodiscard]] std::optional<std::string> completion_script(std::string_view shell);

}  // namespace foster::cli
