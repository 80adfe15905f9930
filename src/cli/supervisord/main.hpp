// supervisord, without Python: reads the configuration, becomes what it says, and starts a foster in its place.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/output.hpp"

namespace foster::cli::supervisord {

inline constexpr std::string_view kProgram = "supervisord";

/// In the foreground this process becomes the reaper, and the call does not return.
///
/// @param called How it was called, for its help.
/// @return The exit status: 2 for whatever keeps it from starting.
[[nodiscard]] int run(const std::string& called, std::span<const char* const> arguments, Output& out, Output& err);

/// What the foster of a configuration file is called: the same for the same file, and for no other.
/// @param path Of the file; absolute.
[[nodiscard]] std::string instance_name_for(const std::string& path);

}  // namespace foster::cli::supervisord
