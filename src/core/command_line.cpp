#include "core/command_line.hpp"

namespace foster::core {

std::string expand_text(const Service& service, unsigned index, std::string_view text) {
  std::string expanded;
  expanded.reserve(text.size());
  for (;;) {
    const auto percent = text.find('%');
    expanded += text.substr(0, percent);
    if (percent == std::string_view::npos) return expanded;
    text.remove_prefix(percent + 1);
    const char what = text.empty() ? '\0' : text.front();
    switch (what) {
      case 'i':
        expanded += std::to_string(index);
        break;
      case 'n':
        expanded += service.name;
        break;
      default:
        expanded += '%';
        if (what != '%') continue;  // it stands for itself, and so does what follows
    }
    text.remove_prefix(1);
  }
}

std::vector<std::string> expand_argv(const Service& service, unsigned index) {
  std::vector<std::string> argv;
  argv.reserve(service.argv.size());
  for (const std::string& argument : service.argv) argv.push_back(expand_text(service, index, argument));
  return argv;
}

}  // namespace foster::core
