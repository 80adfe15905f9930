// How much processor each instance used of late: rates out of the running totals that foster tells.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/replies.hpp"

namespace foster::cli::top {

class Samples {
 public:
  using Moment = std::chrono::nanoseconds;  ///< Of a clock that does not jump.

  /// As many as are kept of each: two minutes at one a second.
  static constexpr std::size_t kKept = 120;

  /// Two totals closer together than `closest` make no rate: the kernel counts in hundredths of a second.
  explicit Samples(std::chrono::nanoseconds closest) : closest_(closest) {}

  /// Takes what everybody has used by now. Who is not among the rows is forgotten.
  void take(const std::vector<Row>& rows, Moment now);

  /// Per cent of one processor, between the last two looks; empty while there is nothing to compare.
  [[nodiscard]] std::optional<double> percent(const std::string& name) const;
  /// The same for the past, oldest first. A time without a process counts as 0.
  [[nodiscard]] std::vector<double> recent(const std::string& name) const;

 private:
  struct Track {
    std::optional<double> total;  ///< Seconds at the last look.
    std::optional<std::int64_t> pid;
    std::deque<double> rates;
    bool has_rate = false;  ///< The last of `rates` is of the process that runs now.
    bool is_seen = false;
  };

  std::chrono::nanoseconds closest_;
  std::optional<Moment> last_;
  std::map<std::string, Track, std::less<>> tracks_;
};

/// One character a value, the newest at the right: a bar of up to eight eighths. A full one is a whole processor, or
/// the highest of the values where that is more.
[[nodiscard]] std::string sparkline(const std::vector<double>& percents, std::size_t width);

}  // namespace foster::cli::top
