// How `command`, `shell` and `command-text` become what is executed, and back.
#pragma once

#include <optional>

#include "config/raw.hpp"
#include "config/reader.hpp"
#include "core/model.hpp"

namespace foster::config {

// Rows of the table of keys; see Key in schema.hpp. `command` looks at `shell`, which only checks itself.
void read_command(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_shell(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_command_text(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
[[nodiscard]] std::optional<Raw> write_command(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_shell(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_command_text(const core::Service& service);

}  // namespace foster::config
