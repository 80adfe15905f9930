// Why an instance is in its state, in words: its cause, what happened to it, and what it wrote last.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/replies.hpp"

namespace foster::cli {

/// In one line: its cause, and what else somebody should know who looks at it.
[[nodiscard]] std::string reason_text(const Row& row, WallTime now);

/// On a page: the row, what happened last (oldest first), and the last output.
[[nodiscard]] std::string why_page(const Row& row, const std::vector<HistoryRow>& events, std::string_view output,
                                   WallTime now, bool has_colour);

}  // namespace foster::cli
