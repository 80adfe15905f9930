// The only door into config: files and texts become one core::Model, or all that is wrong with them.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.hpp"
#include "core/model.hpp"

namespace foster::config {

using Diagnostics = std::vector<Diagnostic>;

struct Loaded {
  core::Model model;
  std::string path;  ///< Absolute, as it was opened.
  Diagnostics warnings;
};

struct LoadOptions {
  std::string default_name;  ///< Where the file sets none; empty: the directory's name.
};

/// Reads a foster.toml with everything it refers to (env-files).
///
/// @errors  All findings at once, sorted by position; at least one is an error, warnings are among
///          them. A file that cannot be read, is not a regular file, or is larger than 16 MiB is one
///          finding without a position.
/// @blocks  While the file is read; never on a FIFO or a terminal.
[[nodiscard]] std::expected<Loaded, Diagnostics> load_file(const std::string& path, const LoadOptions& options = {});

/// Reads a config from memory. Relative paths in it are taken from `base_directory`, which must be
/// absolute; warnings are dropped. What is there of the files that it names changes nothing.
[[nodiscard]] std::expected<core::Model, Diagnostics> load_text(std::string_view text,
                                                                std::string_view path_for_messages,
                                                                std::string_view base_directory,
                                                                std::string_view default_name);

/// Reads one service from a JSON object with the keys of a [service.NAME] table. Its `needs` and
/// `after` may name services that the object does not hold, so they are not looked up.
[[nodiscard]] std::expected<core::Service, Diagnostics> service_from_json(std::string_view name,
                                                                          std::string_view json_object,
                                                                          std::string_view base_directory);

/// The JSON object `service_from_json` reads back to an equal service: only the keys that differ from
/// their defaults, and always the command and the directory.
[[nodiscard]] std::string service_to_json(const core::Service& service);

/// The model as a foster.toml that stands alone: `load_text` gives an equal model, whatever the base
/// directory. All text of the model must be UTF-8 without NUL bytes, as `load_*` guarantee.
[[nodiscard]] std::string model_to_toml(const core::Model& model);

/// The name of the directory that `path` lies in, cleaned to what a name may hold; "default" where
/// nothing is left of it.
[[nodiscard]] std::string default_name_for(std::string_view path);

}  // namespace foster::config
