// What `status` says behind the state of a process.
#pragma once

#include <cstdint>
#include <string>

#include "compat/daemon.hpp"

namespace foster::compat {

/// "pid 4711, uptime 0:01:05". Times are those of the zone of this process.
void append_description(std::string& text, const Process& process, std::int64_t now);
[[nodiscard]] std::string description_of(const Process& process, std::int64_t now);

}  // namespace foster::compat
