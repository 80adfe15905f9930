// What `foster explain` can explain: a text, and a play that shows what it says.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "cli/explain/demonstration.hpp"

namespace foster::cli {

struct Topic {
  std::string_view name;     ///< "double-fork"
  std::string_view summary;  ///< Half a sentence, for the list.
  std::string_view text;     ///< Lines that fit 80 columns.
  void (*demonstrate)(Demonstration& play);
};

/// In the order in which they are best read.
[[nodiscard]] std::vector<Topic> topics();

// By what they are about, a file each.
[[nodiscard]] std::span<const Topic> topics_of_lives();
[[nodiscard]] std::span<const Topic> topics_of_terminals();
[[nodiscard]] std::span<const Topic> topics_of_daemons();

}  // namespace foster::cli
