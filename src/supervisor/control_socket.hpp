// The socket that clients come to. It outlives the supervisor, so that they find an open door while a new one starts.
#pragma once

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "sys/channel.hpp"

namespace foster::supervisor {

/// The inherited socket if it listens and its name is still there; otherwise a new one, of which the reaper is given
/// a copy for the next supervisor. Clients that wait at an inherited one are served by whoever gets it.
[[nodiscard]] Result<UniqueFd> take_control_socket(BorrowedFd runtime_directory, UniqueFd inherited,
                                                   sys::Channel& reaper);

}  // namespace foster::supervisor
