// `foster up` in the foreground: the output of everything on one screen until it ends, or until Ctrl-C ends it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/context.hpp"
#include "cli/launch.hpp"
#include "cli/target.hpp"
#include "core/model.hpp"

namespace foster::cli {

struct AttachOptions {
  Target target;
  std::string config;     ///< What is to be applied.
  core::Model model;      ///< As it was read from there.
  LaunchedReaper reaper;  ///< Ours, freshly started.
};

/// Applies the config and shows what all services write. Ctrl-C, SIGTERM and SIGHUP stop everything in order, a
/// second one at once.
/// @return The exit code of foster itself: 0, or that of an essential service that failed.
/// @blocks Until foster has ended.
[[nodiscard]] ExitCode attach(Context& context, AttachOptions options);

}  // namespace foster::cli
