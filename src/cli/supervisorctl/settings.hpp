// What supervisorctl is told by its command line and by [supervisorctl] of a supervisord.conf.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "cli/supervisorctl/command_line.hpp"

namespace foster::cli::supervisorctl {

struct Settings {
  std::string url = "http://localhost:9001";
  std::string prompt = "supervisor";
  std::optional<std::string> username = {};
  std::optional<std::string> password = {};
  std::string history_file = {};          ///< Empty: none.
  std::vector<std::string> ignored = {};  ///< Sections that are for Python alone.
};

/// The command line over the file: the one that it names, or the first that lies where they usually do.
/// @param program The path that was executed: a file may lie beside its directory.
/// @errors What is wrong, for people.
[[nodiscard]] std::expected<Settings, std::string> read_settings(const CommandLine& line, const std::string& program);

}  // namespace foster::cli::supervisorctl
