// Closing every descriptor but some, by the fastest means the kernel has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sys/facilities.hpp"
#include "sys/in_child.hpp"

namespace foster::sys {

enum class CloseBy : std::uint8_t {
  close_range,  ///< The system call; where it is missing, the listing after all.
  listing,      ///< /proc/self/fd; where that is missing, every number below the limit.
};

/// What `facility_allowed` says about close_range, asked where asking is still allowed.
[[nodiscard]] inline CloseBy preferred_close_by() noexcept {
  return facility_allowed(Facility::close_range) ? CloseBy::close_range : CloseBy::listing;
}

/// Closes all from `first` up, except those in `kept`, which is sorted. Returns 0 or an errno value.
/// @signal_safe Also between clone and exec.
FOSTER_IN_CHILD int close_fds_from(int first, const int* kept, std::size_t kept_count, CloseBy by) noexcept;

}  // namespace foster::sys
