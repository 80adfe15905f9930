// Which sections and keys there are: whatever else is written is ignored by Supervisor, and told by foster.
#pragma once

#include "config/supervisord/ini.hpp"
#include "config/supervisord/section_reader.hpp"

namespace foster::config::supervisord {

/// One warning for each section and key that means nothing, with the nearest that does.
void report_unknown(const Ini& ini, Findings& findings);

}  // namespace foster::config::supervisord
