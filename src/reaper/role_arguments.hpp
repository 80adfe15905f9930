// The arguments by which foster starts itself as reaper or supervisor: "--key value" pairs that no
// person types. One struct for both, because the reaper hands most of them on.
#pragma once

#include <string>
#include <vector>

#include <foster/fd.hpp>

#include "sys/runtime_dir.hpp"

namespace foster::reaper {

inline constexpr const char* kReaperRole = "foster: reaper";
inline constexpr const char* kSupervisorRole = "foster: supervisor";

struct RoleArguments {
  std::string name;
  sys::Directories directories;
  std::string config;       ///< Applied by the first supervisor; empty: none.
  std::string supervisord;  ///< How it was started in the place of a supervisord, as JSON; empty: it was not.
  UniqueFd channel;         ///< --channel: the supervisor's end.
  UniqueFd lock;            ///< --lock
  UniqueFd listener;        ///< --listener: an earlier supervisor's control socket, or something that is none.
  UniqueFd kept;            ///< --kept: the list of what the reaper holds, and we have inherited (reaper/handover.hpp).
  UniqueFd bequest;         ///< --bequest: what this process held as the supervisor of a reaper that was lost.
  UniqueFd takeover;        ///< --takeover: what this process knew as another program (reaper/handover.hpp).
  UniqueFd ready;           ///< --ready-fd: where whoever waits hears "READY", or why not.
};

/// Descriptors become close-on-exec and are owned. Unknown keys are passed over: they may be a newer
/// reaper's.
[[nodiscard]] RoleArguments read_role_arguments(int argc, char** argv);

/// Name, directories, config and `supervisord` as words again.
[[nodiscard]] std::vector<std::string> role_words(const RoleArguments& arguments);

/// Tells whoever waits, and lets go. A reader that has left is no error.
void tell_ready(UniqueFd& ready, const std::string& line);

}  // namespace foster::reaper
