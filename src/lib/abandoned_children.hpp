// Children that may not be killed and nobody waits for any more: kept in mind, so that no zombie stays of them.
#pragma once

#include <foster/fd.hpp>

namespace foster {

/// Keeps a copy of the pidfd until the child has ended.
void abandon_child(BorrowedFd pidfd) noexcept;

/// Reaps those that have ended since. Costs nothing when there are none.
void reap_abandoned_children() noexcept;

}  // namespace foster
