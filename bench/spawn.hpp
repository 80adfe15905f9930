// Starting and waiting for processes: libfoster beside posix_spawn, a bare vfork and fork.
#pragma once

#include <cstddef>

namespace foster::bench {

/// Spawn and wait per second, one after the other; then the same from a process with a heap of a gibibyte.
void measure_spawn(std::size_t trials, std::size_t batch);

}  // namespace foster::bench
