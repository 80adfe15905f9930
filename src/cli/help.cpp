#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace foster::cli {
namespace {

// "-f, --follow" and "    --raw" line up; a type follows the last name.
std::string shown_names(const OptionHelp& option) {
  std::string text = option.names.starts_with("--") ? "    " : "";
  for (const char c : option.names) {
    text += c;
    if (c == ',') text += ' ';
  }
  return option.type.empty() ? text : text + " " + option.type;
}

void append_lines(std::string& text, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    text += fmt::format("  {}\n", lines.substr(0, end));
    lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
  }
}

}  // namespace

std::string overview_help() {
  std::string text =
      "foster keeps daemons alive and leaves nothing behind.\n\nUsage: foster [--name NAME] COMMAND …\n\nCommands:\n";
  for (const Command& command : command_table()) {
    text += fmt::format("  {:<14}{}\n", command.name, command.summary);
  }
  text +=
      "\nEverywhere: --name NAME (which foster), --color WHEN, --help. A glob ('web*') works wherever a name does.\n"
      "More about one: foster help COMMAND\n";
  return text;
}

std::string command_help(const Command& command, const std::vector<OptionHelp>& options) {
  const char* gap = command.operands_text.empty() ? "" : " ";
  std::string text = fmt::format("{}.\n\nUsage: foster {} [OPTIONS]{}{}\n\nOptions:\n", command.summary, command.name,
                                 gap, command.operands_text);
  std::size_t width = 0;
  for (const OptionHelp& option : options) width = std::max(width, shown_names(option).size());
  for (const OptionHelp& option : options) {
    text += fmt::format("  {:<{}}  {}\n", shown_names(option), width, option.help);
  }
  text += "\nExamples:\n";
  append_lines(text, command.examples);
  return text;
}

std::string option_names(const std::vector<OptionHelp>& options) {
  std::string text;
  for (const OptionHelp& option : options) {
    for (const char c : option.names) text += c == ',' ? '\n' : c;
    text += '\n';
  }
  return text;
}

}  // namespace foster::cli
