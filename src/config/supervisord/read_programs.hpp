// [program:x], [eventlistener:x], [fcgi-program:x] and [group:x]: the groups of processes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/supervisord/section_reader.hpp"

namespace foster::config::supervisord {

/// What sections of programs need to know of the rest.
struct ProgramContext {
  Findings& findings;
  const Ini& ini;
  Expansions names;               ///< ENV_… and here.
  std::string host;               ///< %(host_node_name)s
  Variables environment;          ///< Of [supervisord].
  std::string working_directory;  ///< Absolute.
};

/// The processes of one program-like section, as members of this group.
[[nodiscard]] std::vector<Process> read_processes(const ProgramContext& context, const IniSection& section,
                                                  std::string_view group);

/// All groups, by priority and name.
[[nodiscard]] std::vector<Group> read_groups(const ProgramContext& context);

}  // namespace foster::config::supervisord
