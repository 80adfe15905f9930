// Whom a new process is to be, as the request for it takes it.
#pragma once

#include <foster/result.hpp>
#include <foster/user_and_group.hpp>
#include "sys/clone.hpp"

namespace foster {

/// Looks the names up, and sets user, group and supplementary groups. Whoever already is that user needs no right to
/// become it.
/// @errors Code 0 "user www-dat: no such user"; see `sys::find_credentials`.
[[nodiscard]] Result<> set_identity(const UserAndGroup& identity, sys::SpawnRequest& request);

}  // namespace foster
