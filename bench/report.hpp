// What services report: one record at each start, in a file on tmpfs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>

namespace foster::bench {

struct Record {
  std::int64_t nanoseconds;  ///< CLOCK_MONOTONIC in main().
  std::int32_t pid;
  std::int32_t id;
};

class Report {
 public:
  Report();
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Waits until `count` records came since the last call, or the time is up.
  [[nodiscard]] std::vector<Record> take(std::size_t count, std::int64_t patience_milliseconds);

 private:
  std::string path_;
  UniqueFd fd_;
};

[[nodiscard]] std::int64_t now();

/// Percentiles of a sample.
struct Distribution {
  double p50 = 0;
  double p99 = 0;
  double min = 0;
  std::size_t count = 0;
};
[[nodiscard]] Distribution distribution(std::vector<double> sample);

}  // namespace foster::bench
