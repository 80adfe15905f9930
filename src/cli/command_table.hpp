// THE table of commands: dispatch, help and shell completion all come from it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "cli/context.hpp"

namespace foster::cli {

/// What the words after a command are, for shell completion.
enum class Operands : std::uint8_t {
  none,
  services,
  signal_and_services,
  file,
  command,
  shell,
  commands,
  processes,
  topic,
  supervisorctl
};

struct Command {
  std::string_view name;
  std::string_view operands_text;  ///< For the usage line: "[NAME…]".
  std::string_view summary;        ///< One line, without full stop.
  std::string_view examples;       ///< Lines of "foster …  # what it does".
  Operands operands;
  ExitCode (*run)(Context& context, const Command& command, Arguments arguments);
};

[[nodiscard]] std::span<const Command> command_table();
/// Null for an unknown name.
[[nodiscard]] const Command* find_command(std::string_view name);
/// The command whose name is nearest to a mistyped one; empty when none is near.
[[nodiscard]] std::string_view nearest_command(std::string_view name);

}  // namespace foster::cli
