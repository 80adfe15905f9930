// The only reader of clocks. Whoever decides is told the time (core/time.hpp).
#pragma once

#include <chrono>
#include <string>

#include <foster/result.hpp>

namespace foster::sys {

/// Nanoseconds of CLOCK_MONOTONIC: never jumps, goes on across a restart of the program, starts anew at boot.
/// @signal_safe
[[nodiscard]] std::chrono::nanoseconds monotonic_now() noexcept;

/// Nanoseconds of CLOCK_BOOTTIME: since boot, suspension included, as start times in /proc count.
/// @signal_safe
[[nodiscard]] std::chrono::nanoseconds boottime_now() noexcept;

/// The time of day. For people and for stored records; never for deciding how long something took.
/// @signal_safe
[[nodiscard]] std::chrono::system_clock::time_point wall_now() noexcept;

/// The time of day that an instant of CLOCK_MONOTONIC had, as the clocks stand now.
[[nodiscard]] std::chrono::system_clock::time_point wall_time_of(std::chrono::nanoseconds monotonic) noexcept;

/// A text that differs from boot to boot: 36 characters of hexadecimal digits and dashes. Pids, start times and
/// monotonic instants that were written down are worth something only when it is still the same.
/// @errors `ENOENT` /proc is not mounted; `EBADMSG` it holds something else.
[[nodiscard]] Result<std::string> boot_id();

}  // namespace foster::sys
