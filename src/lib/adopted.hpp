// Telling an orphan that fell to us from a child that other code of this program has started.
#pragma once

#include <sys/types.h>

#include "sys/procfs.hpp"

namespace foster {

/// True only when it is certain: a session is never joined, so whoever is in one that is neither ours nor led by
/// itself descends from somebody who led it, and was born further down. (Unless we have changed our own meanwhile.)
[[nodiscard]] bool is_certainly_adopted(const sys::ProcessStat& child, pid_t our_session) noexcept;

}  // namespace foster
