// supervisorctl, without Python.
#pragma once

#include <span>
#include <string>

#include "cli/output.hpp"

namespace foster::cli::supervisorctl {

inline constexpr std::string_view kProgram = "supervisorctl";

/// @param called How it was called, for its help.
/// @return The exit status.
[[nodiscard]] int run(const std::string& called, std::span<const char* const> arguments, Output& out, Output& err);

}  // namespace foster::cli::supervisorctl
