// From a process that was just forked or executed to the daemon: what daemonize and daemonize_by_reexec share.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <foster/daemonize.hpp>
#include <foster/daemonize_by_reexec.hpp>
#include <foster/result.hpp>
#include "sys/channel.hpp"
#include "sys/credentials.hpp"

namespace foster {

/// The only way to make a `Daemon` or a `ReexecDaemon`.
struct DaemonAccess {
  [[nodiscard]] static Daemon make(UniqueFd launcher, std::optional<Pidfile> pidfile);
  /// As many of `fds` as there are names.
  [[nodiscard]] static ReexecDaemon make(Daemon daemon, std::vector<std::string> names, std::span<UniqueFd> fds);
};

/// What can be found wrong is found while the caller can still be told directly.
[[nodiscard]] Result<> check_options(const DaemonizeOptions& options);

/// Whom to become, if anybody.
[[nodiscard]] Result<std::optional<sys::Credentials>> find_identity(const DaemonizeOptions& options);

/// The same file under a higher number, if it has that of a standard stream: where one of those was closed, another
/// descriptor takes its number, and the redirection would put an end to it.
[[nodiscard]] Result<UniqueFd> above_standard_streams(UniqueFd fd);

/// Both ends, above the standard streams.
[[nodiscard]] Result<std::pair<sys::Channel, sys::Channel>> make_launch_channel();

/// In the processes of the daemon's side there is nobody to return an error to but the launcher.
[[noreturn]] void leave(sys::Channel& launcher, const Error& error);

/// For the first process of the daemon's side: a session of its own, the second fork, and all steps. Returns in the
/// daemon.
[[nodiscard]] Daemon become_daemon(const DaemonizeOptions& options, const std::optional<sys::Credentials>& credentials,
                                   sys::Channel launcher, pid_t launcher_pid);

}  // namespace foster
