// The thread that the kernel takes for the parent of tied children: PR_SET_PDEATHSIG fires when the thread that made
// the child ends, which need not be the end of anything else.
#pragma once

#include <foster/result.hpp>
#include "sys/clone.hpp"

namespace foster {

/// `sys::spawn` in a thread that lives as long as this process. It is started at the first use.
/// @errors As `sys::spawn`; "tie thread" `EAGAIN`.
[[nodiscard]] Result<sys::Spawned> spawn_from_tie_thread(const sys::SpawnRequest& request);

}  // namespace foster
