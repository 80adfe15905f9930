#include "cli/commands/commands.hpp"
#include "cli/options.hpp"

namespace foster::cli::commands {

ExitCode version(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  if (const auto code = options.parse(arguments)) return *code;
  context.out.write("foster " FOSTER_VERSION "\n");
  return ExitCode::done;
}

}  // namespace foster::cli::commands
