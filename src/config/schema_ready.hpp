// How the value of `ready` is read and written: a word, or a table with one way to become ready.
#pragma once

#include "config/raw.hpp"
#include "config/reader.hpp"
#include "core/model.hpp"

namespace foster::config {

void read_ready(Reader& reader, const Raw& raw, core::Readiness& ready);

/// A word where the times have their defaults, otherwise a table.
[[nodiscard]] Raw write_ready(const core::Readiness& ready);

}  // namespace foster::config
