#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "lib/spawn_request.hpp"

namespace foster {
namespace {

bool is_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && is_c_string(name);
}

}  // namespace

Result<std::vector<std::string>> environment_of(const EnvironmentPlan& plan) {
  for (const auto& [name, value] : plan.changes) {
    if (!is_name(name) || (value && !is_c_string(*value))) return failure("environment", EINVAL, name);
  }
  std::vector<std::string> words;
  const bool inherits = plan.base == EnvironmentPlan::Base::inherited;
  for (char** word = inherits ? ::environ : nullptr; word != nullptr && *word != nullptr; ++word) {
    const std::string_view text(*word);
    if (!plan.changes.contains(std::string(text.substr(0, text.find('='))))) words.emplace_back(text);
  }
  for (const auto& [name, value] : plan.changes) {
    if (value) words.push_back(name + "=" + *value);
  }
  return words;
}

}  // namespace foster
