// The two processes that wait while a daemon starts: its launcher, and between the two forks its watcher.
#pragma once

#include <chrono>
#include <optional>

#include <foster/daemonize.hpp>
#include <foster/ids.hpp>
#include "sys/channel.hpp"
#include "sys/pidfd.hpp"

namespace foster {

/// Who the launcher's direct child is.
enum class LaunchedChild { daemon, watcher };

/// The launcher's wait: until the daemon is ready, has failed or has ended, or `patience` has passed.
/// @blocks As said.
[[nodiscard]] LaunchReport wait_for_daemon(sys::Channel channel, Pid child, LaunchedChild kind,
                                           std::optional<std::chrono::milliseconds> patience);
[[nodiscard]] LaunchReport wait_for_daemon(sys::Channel channel, sys::ProcessHandle child, LaunchedChild kind,
                                           std::optional<std::chrono::milliseconds> patience);

/// The life of the process between the two forks. It is the daemon's parent, so it alone can learn how the daemon
/// ended; it tells the launcher, kills the daemon when the launcher gives up, and dies with the launcher.
[[noreturn]] void watch_daemon(sys::Channel channel, Pid daemon, pid_t launcher) noexcept;

}  // namespace foster
