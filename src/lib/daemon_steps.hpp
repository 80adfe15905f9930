// The steps that turn the last forked process into a daemon. The forks themselves are in daemonize.cpp.
#pragma once

#include <optional>

#include <foster/daemonize.hpp>
#include <foster/fd.hpp>
#include <foster/result.hpp>
#include "sys/credentials.hpp"

namespace foster {

/// Everything after the forks and the session, in the order of the options. `launcher` is spared when descriptors
/// are closed. Gives the pidfile, if one was asked for.
[[nodiscard]] Result<std::optional<Pidfile>> take_daemon_steps(const DaemonizeOptions& options,
                                                               const std::optional<sys::Credentials>& credentials,
                                                               std::optional<BorrowedFd> launcher);

/// Groups, then the group, then the user, and the proof that there is no way back.
[[nodiscard]] Result<> become(const sys::Credentials& credentials);

}  // namespace foster
