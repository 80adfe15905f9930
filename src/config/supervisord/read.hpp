// A supervisord.conf with all it includes, read as Supervisor 4.2.5 reads it.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/supervisord/sections.hpp"

namespace foster::config::supervisord {

struct ReadOptions {
  /// What %(ENV_NAME)s stands for.
  Variables environment = {};
  /// Relative paths are checked from here. Absolute; empty: the directory of the file.
  std::string working_directory = {};
  /// Keys of [supervisord] as the command line gives them, which win over the file.
  std::map<std::string, std::string, std::less<>> overrides = {};
};

struct Read {
  Config config;
  std::vector<Diagnostic> warnings;
};

/// The variables of this process, as `ReadOptions::environment` wants them.
[[nodiscard]] Variables process_environment();

/// Reads a file and what it includes.
///
/// @errors  All findings at once, by file and position; at least one is an error. What Supervisor refuses is refused,
///          and nothing else but what cannot mean anything: a command with an open quote, a NUL byte.
/// @blocks  While files are read, and while users are looked up.
[[nodiscard]] std::expected<Read, std::vector<Diagnostic>> read_config(const std::string& path,
                                                                       const ReadOptions& options);

/// Reads [supervisorctl] alone, as the client does: includes are not followed.
[[nodiscard]] std::expected<Client, std::vector<Diagnostic>> read_client(const std::string& path,
                                                                         const ReadOptions& options);

}  // namespace foster::config::supervisord
