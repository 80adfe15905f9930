// How many processors this process may really use: the right number of workers where the work is computing.
#pragma once

namespace foster {

/// The number of processors this process may keep busy at a time, never less than 1: those its affinity mask allows
/// (sched_setaffinity(2), cpusets), and no more than the CPU quota of its cgroup and of every group above, v2 or v1.
/// A quota of one and a half processors is two: a worker that waits now and then leaves the half to the other.
///
/// What cannot be read (no /proc, no /sys) does not limit. Reads files: ask once, not for every request.
[[nodiscard]] unsigned available_cpus();

}  // namespace foster
