// Where Supervisor's two programs look for their configuration when nobody says.
#pragma once

#include <optional>
#include <string>

namespace foster::cli {

/// The first that exists: beside the program's directory, in the current one, below /etc. Empty: none.
/// @param program The path it was executed as.
[[nodiscard]] std::optional<std::string> find_supervisord_file(const std::string& program);

/// The path that this process was executed as.
[[nodiscard]] std::string executed_path();

}  // namespace foster::cli
