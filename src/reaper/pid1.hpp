// `foster init -- CMD…`: one command under a parent that reaps every orphan and passes every signal on. As pid 1 of
// a container, or as a subreaper anywhere else. Looking for the reaper of supervised services? reaper/reaper.hpp
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <foster/result.hpp>

namespace foster::reaper {

enum class ForwardTo : std::uint8_t {
  group,    ///< The command's process group.
  command,  ///< The command alone.
};

/// What happens to adopted processes that outlive the command. As pid 1 this is the kernel's business: they die.
enum class Survivors : std::uint8_t {
  end,   ///< SIGTERM, `InitOptions::patience`, SIGKILL.
  keep,  ///< They go to the next subreaper, or to init.
};

struct InitOptions {
  ForwardTo forward_to = ForwardTo::group;
  Survivors survivors = Survivors::end;
  std::chrono::milliseconds patience{2000};  ///< For survivors, before SIGKILL.
};

struct InitOutcome {
  /// The command's own code, or 128 + n when signal n ended it; 127 it was not found, 126 it could not be executed.
  int exit_code;
  std::optional<Error> error;  ///< Why it did not start.
};

/// Runs the command in a process group of its own and stays until it has ended. When standard input is a terminal
/// and this process is in its foreground, the command's group becomes the foreground, and stops and continues
/// together with this process as a job would.
///
/// Signals are passed on but for faults, SIGCHLD, SIGTTIN and SIGTTOU; none ends this process. The command starts
/// with the signal mask and the dispositions that this process was started with. Blocks signals for good: call it
/// from `main`, with one thread.
///
/// @param argv Not empty. argv[0] without a slash is looked up along PATH.
/// @blocks While the command runs, and then as long as its survivors take to end.
[[nodiscard]] InitOutcome run_command_as_init(const std::vector<std::string>& argv, const InitOptions& options = {});

}  // namespace foster::reaper
