// What a supervisord becomes before it starts anything: another user, and one with room for what is to come.
#pragma once

#include <expected>
#include <string>

#include "config/supervisord/sections.hpp"

namespace foster::cli::supervisord {

/// Raises the limits of open files and processes to what the configuration wants at least.
/// @errors What could not be, for people.
[[nodiscard]] std::expected<void, std::string> raise_limits(const config::supervisord::Daemon& daemon);

/// Becomes the user of the configuration for good, groups included. Nothing happens where there is none, or it is us.
/// @errors What could not be, for people.
[[nodiscard]] std::expected<void, std::string> become_user(const config::supervisord::Daemon& daemon);

}  // namespace foster::cli::supervisord
