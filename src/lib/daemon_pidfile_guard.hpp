// The process that removes a daemon's pidfile however the daemon ends.
#pragma once

#include <foster/pidfile.hpp>
#include <foster/result.hpp>

namespace foster {

/// Starts a guard for this process and its pidfile. It is a child without an exit signal, so that wait(2) does not find
/// it, shares the file's lock, and ends with this process.
/// @errors "pidfile guard" with `EAGAIN`, `ENOMEM`, `EMFILE`.
[[nodiscard]] Result<> start_pidfile_guard(const Pidfile& pidfile);

}  // namespace foster
