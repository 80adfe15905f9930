// Starting a foster where none runs: this very program, as reaper, in a session of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "sys/runtime_dir.hpp"

namespace foster::cli {

struct LaunchOptions {
  std::string name;
  sys::Directories directories;
  /// Whether the reaper becomes nobody's child. Otherwise it stays ours, and its exit code can be had.
  enum class Parent { nobody, us } parent = Parent::nobody;
  std::chrono::seconds patience{30};
  std::string supervisord = {};      ///< In the place of a supervisord: how it was started, as JSON.
  std::string directory = "/";       ///< Where it runs.
  std::optional<mode_t> umask = {};  ///< Empty: unchanged.
};

/// The reaper that was started, where it is our child.
struct LaunchedReaper {
  Pid pid;
  UniqueFd pidfd;
};

/// Starts reaper and supervisor, with standard streams on /dev/null, and waits until they answer.
/// @return The reaper, if it is ours.
/// @errors The step that failed; where foster itself said why it cannot start, that text alone.
///         `ETIMEDOUT` it said nothing within `patience`.
/// @blocks Until it is ready or has failed.
[[nodiscard]] Result<std::optional<LaunchedReaper>> launch(const LaunchOptions& options);

}  // namespace foster::cli
