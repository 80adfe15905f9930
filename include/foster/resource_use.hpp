// What a process has used up, as the kernel counts it.
#pragma once

#include <chrono>
#include <cstdint>

namespace foster {

/// What a process used from its start to its end, with those of its own children that it waited for (getrusage(2)).
struct ResourceUse {
  std::chrono::microseconds user_time{};    ///< In the program's own code.
  std::chrono::microseconds system_time{};  ///< In the kernel on its behalf.
  std::uint64_t most_resident_bytes = 0;    ///< The peak; of the largest of these processes, not their sum.
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;  ///< Page faults that had to read from a disk.
  std::uint64_t blocks_read = 0;   ///< Of 512 bytes, from disks.
  std::uint64_t blocks_written = 0;
  std::uint64_t voluntary_switches = 0;    ///< It waited for something.
  std::uint64_t involuntary_switches = 0;  ///< Its time slice was over.
  friend bool operator==(const ResourceUse&, const ResourceUse&) = default;
};

}  // namespace foster
