// How a command line of this moment is started again: its words, and the directory, umask and environment it was typed
// in, as the keys of a service.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/json_writer.hpp"
#include "cli/context.hpp"

namespace foster::cli {

/// What "%i" in a word means.
enum class Percent : std::uint8_t { literal, worker_number };

/// Writes the keys into an open object.
/// @return false: the current directory is not known, and that was said.
[[nodiscard]] bool write_invocation(api::JsonWriter& json, Context& context, const std::vector<std::string>& words,
                                    Percent percent);

}  // namespace foster::cli
