#include "cli/top/keymap.hpp"

#include <fmt/format.h>

namespace foster::cli::top {

std::string help_line(std::size_t columns) {
  std::string line;
  for (const KeyHelp& one : kKeys) {
    if (one.word.empty()) continue;
    const std::string text = fmt::format("{}{} {}", line.empty() ? "" : "  ", one.keys, one.word);
    if (line.size() + text.size() > columns) break;
    line += text;
  }
  return line;
}

std::string help_page() {
  std::string text;
  for (const KeyHelp& one : kKeys) text += fmt::format("  {:<19} {}\n", one.keys, one.text);
  text +=
      "\nCPU is in per cent of one processor, of the main process, over the last second;\n"
      "a full bar is one processor. MEMORY is what the main process has resident.\n";
  return text;
}

}  // namespace foster::cli::top
