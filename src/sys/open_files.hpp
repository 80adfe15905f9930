// Room for as many open files as a process may have.
#pragma once

#include <sys/resource.h>

namespace foster::sys {

/// Raises the soft limit of open files to the hard one, and lets the kernel make the table of descriptors large enough
/// for some thousands at once: growing it later, beside threads that share it, waits until no processor can be looking
/// at the old one (tens of milliseconds each time it doubles, in the middle of an open). Call it before the first
/// thread begins. The table takes 8 bytes for each place, in the kernel.
///
/// @return The limits as they were, for the programs we start.
/// @fork What is forked has the raised limit.
rlimit make_room_for_files() noexcept;

}  // namespace foster::sys
