// Whether a program can be executed, in the words that clients of Supervisor are told.
#pragma once

#include <string>
#include <vector>

#include "compat/faults.hpp"
#include "config/supervisord/sections.hpp"

namespace foster::supervisor::supervisord {

/// @param path PATH as the process would see it.
/// @param directory Where it would start; empty: ours.
/// @errors `no_file`, `not_executable`, with the reason.
[[nodiscard]] compat::Outcome<> find_command(const config::supervisord::Process& process, std::string_view path,
                                             const std::string& directory);

}  // namespace foster::supervisor::supervisord
