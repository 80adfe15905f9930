// The socket that clients come to. It outlives the supervisor, so that they find an open door while a new one starts.
#pragma once

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "supervisor/listeners.hpp"
#include "sys/channel.hpp"

namespace foster::supervisor {

/// The one that is there if its name is, too; otherwise a new one. Clients that wait at an old one are served by
/// whoever gets it.
/// @param inherited The reaper's, which it looks at for clients that nobody serves. Empty for a reaper that has none:
/// it
///   is given one.
/// @param listeners Keep a copy, which goes on to the next reaper.
[[nodiscard]] Result<UniqueFd> take_control_socket(BorrowedFd runtime_directory, UniqueFd inherited,
                                                   sys::Channel& reaper, Listeners& listeners);

}  // namespace foster::supervisor
