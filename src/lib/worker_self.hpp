// What this process knows of itself as a worker. A process is one worker at most.
#pragma once

namespace foster {

/// For `task_id`. Forgets what an outer pool's worker has been asked.
void set_own_task(unsigned task) noexcept;

}  // namespace foster
