// The reference of foster.toml for people, made from the table of keys: docs/config.md and the manual page.
#pragma once

#include <string>
#include <string_view>

namespace foster::config {

/// docs/config.md.
[[nodiscard]] std::string config_markdown();

/// packaging/man/foster.toml.5, in the macros of man(7).
[[nodiscard]] std::string config_man_page();

/// The complete example both show; it loads without a finding.
[[nodiscard]] std::string_view config_example();

}  // namespace foster::config
