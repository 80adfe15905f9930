// The physical floor: the same work by the barest loop that can do it.
#pragma once

#include <sys/types.h>

#include <string>

#include "report.hpp"

namespace foster::bench {

/// Keeps `count` services up and nothing else: clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD), exec, epoll on the pidfd,
/// again. They end with this process.
/// @param report Where they report to.
[[noreturn]] void keep_up(std::size_t count, const std::string& report);

/// A process of its own that keeps one service up.
class RestartLoop {
 public:
  explicit RestartLoop(const Report& report);
  ~RestartLoop();
  RestartLoop(const RestartLoop&) = delete;
  RestartLoop& operator=(const RestartLoop&) = delete;

 private:
  pid_t pid_ = -1;
};

/// Milliseconds for `count` times spawn, exec, exit and wait, one after the other.
[[nodiscard]] double serial_spawns(std::size_t count);
/// Milliseconds until `count` services spawned by a bare loop have all reached main; they are ended again.
[[nodiscard]] double bare_boot(std::size_t count);
/// Milliseconds to end `count` bare services: SIGTERM to each, then wait for each.
[[nodiscard]] double bare_stop(std::size_t count);

}  // namespace foster::bench
