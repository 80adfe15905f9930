// Two models compared: what a reload does to each service, and why.
#pragma once

#include <vector>

#include "core/fleet.hpp"
#include "core/model.hpp"

namespace foster::core {

/// One service against its new definition. A key that only the next run can honour (command, directory, environment,
/// user, group, umask, stdin, type, pidfile, the readiness method, log on or off) needs a restart; any other is taken
/// over while it runs. `why` names the keys, those that need the restart first: "command, limit changed".
[[nodiscard]] ServiceChange compare(const Service& old, const Service& wanted);

/// One line for each service of either model: the wanted ones in their order, then the removed ones.
[[nodiscard]] std::vector<ServiceChange> plan_reload(const Model& old, const Model& wanted);

[[nodiscard]] std::string_view to_string(ServiceChange::Kind kind);

}  // namespace foster::core
