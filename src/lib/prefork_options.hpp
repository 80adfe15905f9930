// What can be found wrong with a pool before it is one.
#pragma once

#include <optional>

#include <foster/prefork.hpp>
#include <foster/result.hpp>
#include "sys/credentials.hpp"

namespace foster {

/// More than any machine has use for; a slip of the pen should not take one down.
inline constexpr unsigned kMostWorkers = 10'000;

/// @errors `EINVAL`; the detail says what is wrong.
[[nodiscard]] Result<> check_options(const PreforkOptions& options);

/// Whom the workers become; empty: nobody else.
/// @errors As `sys::find_credentials`; `EPERM` we may not become them.
[[nodiscard]] Result<std::optional<sys::Credentials>> find_worker_identity(const PreforkOptions& options);

}  // namespace foster
