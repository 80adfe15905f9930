// What holds when nothing happens any more: descriptors, zombies, and after the end nothing at all.
#pragma once

#include <map>
#include <set>
#include <string>

#include "report.hpp"
#include "sandbox.hpp"

namespace foster::chaos {

/// How many descriptors of which kind a process has; what numbers there are in their names is left out.
using Descriptors = std::map<std::string, int>;
struct QuietState {
  Descriptors reaper;
  Descriptors supervisor;
};
/// When nobody is in the middle of anything.
[[nodiscard]] QuietState look_at_descriptors(Sandbox& sandbox);

/// None more than before, soon.
void check_descriptors(Sandbox& sandbox, const QuietState& before, Report& report);
/// With every service down, the reaper keeps no process any more.
void check_kept_processes(Sandbox& sandbox, Report& report);
/// None stays one.
void check_zombies(Sandbox& sandbox, Report& report);
/// After `foster down`.
void check_nothing_left(Sandbox& sandbox, const std::set<std::string>& cgroups, Report& report);

}  // namespace foster::chaos
