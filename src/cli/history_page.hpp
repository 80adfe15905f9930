// The past of an instance, run by run, in words.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "cli/replies.hpp"

namespace foster::cli {

/// The transitions of one run: a part of a longer history.
struct RunOfHistory {
  std::optional<std::uint64_t> run;  ///< Empty: before the first one.
  std::size_t first = 0;             ///< Its place in the history.
  std::size_t count = 0;
};

/// Cuts a history, oldest first, into its runs. What happened between two runs belongs to the one before.
[[nodiscard]] std::vector<RunOfHistory> runs_of(const std::vector<HistoryRow>& events);

/// "used 0.05s of CPU, and 1.7 MB of memory at most"
[[nodiscard]] std::string use_text(const UseRow& use);

/// First in plain words what is so and how the runs ended, then the runs, oldest first, each with its chain of causes,
/// what it used, and its last output.
/// @param runs Those to tell, a part of `runs_of(events)`.
[[nodiscard]] std::string history_page(const Row& row, const std::vector<HistoryRow>& events,
                                       std::span<const RunOfHistory> runs, bool has_colour);

}  // namespace foster::cli
