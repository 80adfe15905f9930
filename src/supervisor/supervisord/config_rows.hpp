// What clients are told of a process that the configuration has.
#pragma once

#include "compat/daemon.hpp"
#include "config/supervisord/sections.hpp"

namespace foster::supervisor::supervisord {

[[nodiscard]] compat::ProcessConfig row_of(const config::supervisord::Group& group,
                                           const config::supervisord::Process& process);

}  // namespace foster::supervisor::supervisord
