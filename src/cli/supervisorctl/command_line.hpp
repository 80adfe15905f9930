// The options of supervisorctl, read as getopt(3) did before GNU: they end at the first word that is none.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace foster::cli::supervisorctl {

struct CommandLine {
  bool wants_help = false;
  bool is_interactive = false;
  std::optional<std::string> config_file = {};
  std::optional<std::string> url = {};
  std::optional<std::string> username = {};
  std::optional<std::string> password = {};
  std::optional<std::string> history_file = {};
  std::vector<std::string> words = {};  ///< The command.
};

/// @errors What is wrong, for people.
[[nodiscard]] std::expected<CommandLine, std::string> parse_command_line(std::span<const char* const> arguments);

/// @param program How it was called.
[[nodiscard]] std::string usage_text(std::string_view program);

}  // namespace foster::cli::supervisorctl
