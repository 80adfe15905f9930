#include "cli/help.hpp"

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"

namespace foster::cli::commands {

ExitCode help(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> about;
  options.operand(about, "COMMAND");
  if (const auto code = options.parse(arguments)) return *code;
  if (!about) {
    context.out.write(overview_help());
    return ExitCode::done;
  }
  const Command* asked = find_command(*about);
  if (asked == nullptr) {
    context.complain("no command is called {}; see: foster help", *about);
    return ExitCode::usage;
  }
  const char* const ask_for_help[] = {"--help"};
  return asked->run(context, *asked, Arguments(ask_for_help));
}

}  // namespace foster::cli::commands
