// Files of environment variables, as `env-file` names them: KEY=VALUE lines.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/diagnostic.hpp"

namespace foster::config {

struct EnvFile {
  std::vector<std::pair<std::string, std::string>> variables;  ///< Names are unique: the last one wins.
  std::vector<Diagnostic> diagnostics;                         ///< With positions in the env-file itself.
};

/// Reads `export` prefixes, # comments, 'literal' and "escaped" values (\n, \t, \r, \\, \", \$, \`) that may
/// span lines, and plain values, which end before " #" and lose blanks around them. $ is never expanded.
[[nodiscard]] EnvFile parse_env_file(std::string_view text, std::string_view path_for_messages);

/// Whether a name can stand in an environment: not empty, without "=" and NUL.
[[nodiscard]] bool is_environment_name(std::string_view name);

}  // namespace foster::config
