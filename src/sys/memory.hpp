// Giving memory back when a program has done its work and waits.
#pragma once

namespace foster::sys {

/// Returns free heap to the kernel, and unmaps the pages of program text, our own and that of libraries, that were used
/// until now. What is still needed comes back by itself from the page cache, 64 KiB at a fault; what was needed once
/// (reading a config, opening a database) stays away. For a moment of rest: it costs some microseconds now and at the
/// next work.
///
/// @threads Any; others go on meanwhile.
void release_unused_memory() noexcept;

}  // namespace foster::sys
