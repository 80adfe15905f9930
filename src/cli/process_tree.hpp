// The process tree as text and as JSON. Pure: what it shows is in the view.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/json_writer.hpp"
#include "insight/view.hpp"

namespace foster::cli {

enum class Folding : std::uint8_t { alike_siblings, none };
enum class KernelThreads : std::uint8_t { hidden, shown };

struct TreeStyle {
  bool has_colour = false;
  std::optional<std::size_t> width = {};  ///< Lines are cut to fit; empty: nothing is cut.
  bool shows_arguments = false;
  Folding folding = Folding::alike_siblings;
  KernelThreads kernel_threads = KernelThreads::hidden;
};

/// Processes without a parent that can be seen: where the whole tree begins.
[[nodiscard]] std::vector<const Process*> roots_of(const insight::View& view, KernelThreads kernel_threads);

/// A line each, children below their parent.
[[nodiscard]] std::string tree_text(const insight::View& view, const std::vector<const Process*>& roots,
                                    const TreeStyle& style);

/// What the signs in front of the names mean, one line.
[[nodiscard]] std::string tree_legend(const TreeStyle& style);

/// One object, nested by "children"; with several roots, those after the first are in its "others".
[[nodiscard]] std::string tree_json(const insight::View& view, const std::vector<const Process*>& roots,
                                    KernelThreads kernel_threads);

}  // namespace foster::cli
