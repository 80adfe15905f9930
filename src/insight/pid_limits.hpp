// How many processes there may be, by each of the kernel's rules, and how many there are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <foster/process_table.hpp>

namespace foster::insight {

/// One rule. Every thread counts as one, zombies too.
struct PidLimit {
  std::string rule;  ///< "kernel.pid_max", "pids.max of /system.slice", "RLIMIT_NPROC of user 1000".
  std::uint64_t limit = 0;
  std::uint64_t used = 0;
};

/// All rules that hold for this process, the nearest to its end first. What cannot be read is left out.
[[nodiscard]] std::vector<PidLimit> read_pid_limits(const ProcessTable& table);

}  // namespace foster::insight
