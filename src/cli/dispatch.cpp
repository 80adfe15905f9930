#include "cli/dispatch.hpp"

#include <vector>

#include "cli/command_table.hpp"
#include "cli/help.hpp"

namespace foster::cli {
namespace {

bool takes_a_value(std::string_view option) {
  return option == "--name" || option == "--color";
}

}  // namespace

ExitCode dispatch(Context& context, Arguments words) {
  // Options before the command are the ones that every command has: they are handed on to it.
  std::vector<const char*> handed_on;
  std::size_t at = 0;
  while (at < words.size() && words[at][0] == '-') {
    const std::string_view option = words[at];
    if (option == "--version" || option == "-V")
      return find_command("version")->run(context, *find_command("version"), {});
    if (option == "--help" || option == "-h") {
      context.out.write(overview_help());
      return ExitCode::done;
    }
    handed_on.push_back(words[at++]);
    if (takes_a_value(option) && at < words.size()) handed_on.push_back(words[at++]);
  }
  if (at == words.size()) {
    if (!handed_on.empty()) {
      context.complain("no command given; see: foster help");
    } else {
      context.err.write(overview_help());
    }
    return ExitCode::usage;
  }
  const std::string_view name = words[at];
  const Command* command = find_command(name);
  if (command == nullptr) {
    const auto near = nearest_command(name);
    near.empty() ? context.complain("no command is called {}; see: foster help", name)
                 : context.complain("no command is called {}; did you mean {}?", name, near);
    return ExitCode::usage;
  }
  handed_on.insert(handed_on.end(), words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
  return command->run(context, *command, handed_on);
}

}  // namespace foster::cli
