// How processes are addressed: "group:process", or one name where both are equal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace foster::compat {

struct ProcessName {
  std::string group;
  std::optional<std::string> process;  ///< Empty: the whole group.
};

/// "web:0", "web" (which is "web:web"), "web:*" or "web:".
[[nodiscard]] ProcessName process_name_from(std::string_view text);
[[nodiscard]] std::string full_name(std::string_view group, std::string_view process);

}  // namespace foster::compat
