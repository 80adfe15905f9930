// A child's failure in words: the step, what it failed on, and why.
#pragma once

#include <foster/result.hpp>
#include "sys/child_step.hpp"
#include "sys/clone.hpp"

namespace foster::sys {

/// "chdir /srv/web: No such file or directory", "descriptor 9 -> 1: Bad file descriptor".
[[nodiscard]] Error describe_failure(const ChildFailure& failure, const SpawnRequest& request);

}  // namespace foster::sys
