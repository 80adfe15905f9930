// How `env-file` and `environment` become one environment, and back.
#pragma once

#include <optional>

#include "config/raw.hpp"
#include "config/reader.hpp"
#include "core/model.hpp"

namespace foster::config {

// Rows of the table of keys; see Key in schema.hpp. `environment` is read after `env-file`, and wins.
void read_env_file(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_environment(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
[[nodiscard]] std::optional<Raw> write_environment(const core::Service& service);

}  // namespace foster::config
