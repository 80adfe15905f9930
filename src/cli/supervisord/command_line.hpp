// The options of supervisord: each is a key of [supervisord], and wins over the file.
#pragma once

#include <expected>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace foster::cli::supervisord {

struct CommandLine {
  bool wants_help = false;
  bool wants_version = false;
  std::optional<std::string> config_file = {};
  std::map<std::string, std::string, std::less<>> overrides = {};  ///< By the name of the key.
};

/// @errors What is wrong, for people.
[[nodiscard]] std::expected<CommandLine, std::string> parse_command_line(std::span<const char* const> arguments);

/// @param program How it was called.
[[nodiscard]] std::string usage_text(std::string_view program);

}  // namespace foster::cli::supervisord
