// One line of supervisorctl's, whether typed or given on the command line.
#pragma once

#include <cstdint>
#include <string>

#include "cli/supervisorctl/session.hpp"

namespace foster::cli::supervisorctl {

enum class Outcome : std::uint8_t { done, interrupted };

/// Does what it says. What comes of it is said, and is in the session's status.
[[nodiscard]] Outcome interpret(Session& session, std::string_view line);

/// Asks for lines until there are no more, or Ctrl-C is pressed.
void run_shell(Session& session, const std::string& prompt, const std::string& history_file);

}  // namespace foster::cli::supervisorctl
