// The configuration as a supervisord that was started in a certain way finds it.
#pragma once

#include <string>

#include "config/supervisord/kept.hpp"
#include "config/supervisord/read.hpp"

namespace foster::config::supervisord {

/// As `read_config`, with what it was started with over what the file says. All paths of [supervisord] and of the
/// servers are absolute.
[[nodiscard]] std::expected<Read, std::vector<Diagnostic>> read_start(const Start& start);

/// The first error in one line, with its file and line; empty where there is none.
[[nodiscard]] std::string first_error(const std::vector<Diagnostic>& findings);
/// Each warning in one line, with its key, file and line.
[[nodiscard]] std::vector<std::string> warnings_of(const std::vector<Diagnostic>& findings);

}  // namespace foster::config::supervisord
