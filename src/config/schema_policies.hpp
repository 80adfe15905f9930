// How the keys that take a policy are read and written: a table, or a word that stands for one.
#pragma once

#include <optional>

#include "config/raw.hpp"
#include "config/reader.hpp"
#include "core/model.hpp"

namespace foster::config {

// Rows of the table of keys; see Key in schema.hpp.
void read_backoff(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_limit(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_start_retries(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_success_exit_codes(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_stop(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_stdin(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_log(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
void read_stderr_log(Reader& reader, const Raw& raw, const RawTable& siblings, core::Service& service);
[[nodiscard]] std::optional<Raw> write_backoff(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_limit(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_start_retries(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_success_exit_codes(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_stop(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_stdin(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_log(const core::Service& service);
[[nodiscard]] std::optional<Raw> write_stderr_log(const core::Service& service);

}  // namespace foster::config
