// What /proc says a set of processes costs, and running a command to its end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace foster::bench {

struct Cost {
  std::uint64_t pss_kilobytes = 0;
  std::uint64_t private_kilobytes = 0;
  std::uint64_t switches = 0;  ///< Context switches of all threads, voluntary or not: wake-ups.
};
[[nodiscard]] Cost cost_of(const std::vector<pid_t>& pids);

struct Outcome {
  int code = -1;
  std::string out;
  double milliseconds = 0;  ///< From before the spawn to its end.
};
/// Runs a program with these variables added; `out` is its output and its errors.
[[nodiscard]] Outcome run(const std::vector<std::string>& argv, const std::vector<std::string>& variables = {});
/// Starts one that is to stay.
[[nodiscard]] pid_t begin(const std::vector<std::string>& argv, const std::vector<std::string>& variables = {});
[[nodiscard]] bool is_installed(const std::string& program);
void pause_milliseconds(std::int64_t milliseconds);

}  // namespace foster::bench
