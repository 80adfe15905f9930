// A group of a supervisord.conf, as far as events are about it.
#pragma once

#include "config/supervisord/sections.hpp"
#include "supervisor/supervisord/event_pools.hpp"

namespace foster::supervisor::supervisord {

[[nodiscard]] EventGroup event_group_of(const config::supervisord::Group& group);

}  // namespace foster::supervisor::supervisord
