// Help texts, made from the command table and from the options a command declares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_table.hpp"

namespace foster::cli {

/// One option as a command declared it.
struct OptionHelp {
  std::string names;  ///< "-f,--follow"
  std::string type;   ///< "N"; empty for a flag.
  std::string help;
};

/// What `foster help` prints.
[[nodiscard]] std::string overview_help();
[[nodiscard]] std::string command_help(const Command& command, const std::vector<OptionHelp>& options);
/// "-f\n--follow\n…"
[[nodiscard]] std::string option_names(const std::vector<OptionHelp>& options);

}  // namespace foster::cli
