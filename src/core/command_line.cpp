#include "core/command_line.hpp"

namespace foster::core {

std::string expand_text(const Service& service, unsigned index, std::string_view text) {
  std::string expanded;
  expanded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (text[at] != '%' || (next != 'i' && next != 'n' && next != '%')) {
      expanded += text[at];
      continue;
    }
    if (next == 'i') expanded += std::to_string(index);
    if (next == 'n') expanded += service.name;
    if (next == '%') expanded += '%';
    ++at;
  }
  return expanded;
}

std::vector<std::string> expand_argv(const Service& service, unsigned index) {
  std::vector<std::string> argv;
  argv.reserve(service.argv.size());
  for (const std::string& argument : service.argv) argv.push_back(expand_text(service, index, argument));
  return argv;
}

}  // namespace foster::core
