// foster's own keys in a supervisord.conf: "x-foster-NAME" in a program's section, or NAME in [foster:PROGRAM].
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/diagnostic.hpp"
#include "config/supervisord/sections.hpp"
#include "core/model.hpp"

namespace foster::config::supervisord {

/// The service with these keys over what it has. Values are those of foster.toml; a text needs no quotes, and lists of
/// names may stand between commas. Findings are without source lines.
[[nodiscard]] core::Service with_own_keys(const core::Service& service, const Process& process,
                                          const std::vector<IniFile>& files, std::vector<Diagnostic>& findings);

}  // namespace foster::config::supervisord
