// Which foster a command talks to. docs/cli.md promises the order.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <foster/result.hpp>

#include "sys/runtime_dir.hpp"

namespace foster::cli {

struct Target {
  enum class Found {
    by_option,       ///< --name
    by_environment,  ///< FOSTER_NAME
    by_config,       ///< The config file of the current directory, or the one that was given.
    only_running,    ///< The only one that runs.
    by_default,      ///< "default"
  };
  std::string name;
  sys::Directories directories;
  Found found = Found::by_default;
};

struct TargetQuery {
  std::optional<std::string> name = {};  ///< --name
  std::optional<std::string> config =
      {};                       ///< A config file that was given; its name counts instead of the directory's.
  std::string directory = ".";  ///< Where to look for a config file.
};

/// --name, else FOSTER_NAME, else the config file's name, else the only one running, else "default".
/// @errors `EINVAL` a name that cannot be one.
[[nodiscard]] Result<Target> find_target(const TargetQuery& query);

/// foster.toml, else supervisord.conf, else Procfile of this directory; empty: none. Absolute.
[[nodiscard]] std::optional<std::string> config_in(const std::string& directory);

/// The name that a config file gives its foster: `name` of a foster.toml, otherwise its directory's. The file
/// need not be valid.
[[nodiscard]] std::string name_in_config(const std::string& path);

/// Names of this user's instances that run, sorted.
[[nodiscard]] std::vector<std::string> running_instances();

}  // namespace foster::cli
