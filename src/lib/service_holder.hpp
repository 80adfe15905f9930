// The process behind a pidfile, found so that it can be signalled, and its end.
#pragma once

#include <filesystem>
#include <optional>

#include <foster/result.hpp>
#include <foster/stop_plan.hpp>
#include "sys/pidfd.hpp"

namespace foster {

/// A handle of the process that holds the pidfile; empty when nobody does. The handle is opened first and the hold is
/// proved afterwards: if the process lives then, it is the one that was proved.
/// @errors Those of `pidfile_holder`, `EBADMSG` only if it lasts.
/// @blocks Up to a second, while the holder is just beginning or ending.
[[nodiscard]] Result<std::optional<sys::ProcessHandle>> find_pidfile_holder(const std::filesystem::path& pidfile);

/// Ends the process as the plan says. It may be a child of anybody; when this returns it is no more than a zombie.
/// @errors `EPERM`; `ETIMEDOUT` not even SIGKILL has ended it within ten seconds: it hangs in the kernel.
/// @blocks The plan's patience, and those ten seconds at most.
[[nodiscard]] Result<> end_process(const sys::ProcessHandle& process, const StopPlan& plan);

}  // namespace foster
