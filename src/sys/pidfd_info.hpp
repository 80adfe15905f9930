// What the kernel still tells of a process that was reaped, to whoever holds its pidfd.
#pragma once

#include <optional>

#include <foster/fd.hpp>

namespace foster::sys {

/// The wait status of a process that has ended and was reaped by somebody else. Empty before that, and where the
/// kernel keeps no record (PIDFD_GET_INFO with PIDFD_INFO_EXIT, Linux 6.15).
/// @signal_safe
[[nodiscard]] std::optional<int> wait_status_after_reaping(BorrowedFd pidfd) noexcept;

}  // namespace foster::sys
