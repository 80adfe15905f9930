// The configurations of the simulated worlds, made up from a seed.
#pragma once

#include <cstdint>

#include "core/model.hpp"

namespace foster::sim {

/// One to seven services with every kind of policy; `needs` and `after` are free of cycles.
[[nodiscard]] core::Model make_model(std::uint64_t seed);

/// What a person might make of it: a few services changed, removed or added.
[[nodiscard]] core::Model change_model(const core::Model& model, std::uint64_t seed);

}  // namespace foster::sim
