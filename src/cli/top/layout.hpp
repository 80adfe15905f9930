// Draws the state of the screen. A pure function: the same model gives the same cells.
#pragma once

#include "cli/top/grid.hpp"
#include "cli/top/model.hpp"

namespace foster::cli::top {

/// The screen, as large as the model was told.
[[nodiscard]] Grid draw(const Model& model);

/// All services, one below the other, however many: for a file or a pipe.
[[nodiscard]] Grid draw_all(const Model& model);

}  // namespace foster::cli::top
