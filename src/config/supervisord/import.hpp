// A supervisord.conf written anew as a foster.toml.
#pragma once

#include <string>

#include "config/supervisord/sections.hpp"
#include "core/model.hpp"

namespace foster::config::supervisord {

/// TOML from which `load_text` makes this very model, which `to_model` made of the config. Comments tell what the file
/// said, what foster has instead, and what could be said better.
[[nodiscard]] std::string import_text(const Config& config, const core::Model& model);

}  // namespace foster::config::supervisord
