// How often a process takes heap. Counted in memory that a child shares with the test.
#pragma once

namespace foster::reaper::testing {

/// False where a sanitizer owns the heap: nothing is counted then.
[[nodiscard]] bool counts_heap();

/// Makes the counter that this process shares with the children it forks from here on.
void start_counting_heap();

/// The calling process alone is counted from now on.
void count_only_me();

/// Allocations and reallocations of the process with this pid since `count_only_me`.
[[nodiscard]] unsigned long heap_calls_of(int pid);

}  // namespace foster::reaper::testing
