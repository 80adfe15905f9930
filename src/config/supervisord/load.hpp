// From a supervisord.conf to a model in one step, for whoever loads either kind of file.
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "config/load.hpp"

namespace foster::config::supervisord {

/// By its name: "*.conf" or "*.ini".
[[nodiscard]] bool is_supervisord_file(std::string_view path);

/// As config::load_file, with the environment of this process for %(ENV_…)s.
[[nodiscard]] std::expected<Loaded, Diagnostics> load(const std::string& path, const LoadOptions& options);

struct Imported {
  std::string toml;
  Diagnostics warnings;
};

/// The file as a foster.toml that starts the same programs, with comments on what has a better form.
[[nodiscard]] std::expected<Imported, Diagnostics> import_file(const std::string& path);

}  // namespace foster::config::supervisord
