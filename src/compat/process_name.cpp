#include "compat/process_name.hpp"

#include <fmt/format.h>

namespace foster::compat {

ProcessName process_name_from(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return {.group = std::string(text), .process = std::string(text)};
  const std::string_view process = text.substr(colon + 1);
  ProcessName name{.group = std::string(text.substr(0, colon)), .process = std::nullopt};
  if (!process.empty() && process != "*") name.process = process;
  return name;
}

std::string full_name(std::string_view group, std::string_view process) {
  return group == process ? std::string(process) : fmt::format("{}:{}", group, process);
}

}  // namespace foster::compat
