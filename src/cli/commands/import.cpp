#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "config/supervisord/load.hpp"

namespace foster::cli::commands {

ExitCode import(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> file;
  options.operand(file, "FILE");
  if (const auto code = options.parse(arguments)) return *code;
  const auto imported = config::supervisord::import_file(file.value_or("supervisord.conf"));
  const config::Diagnostics& findings = imported ? imported->warnings : imported.error();
  context.err.write(config::render(findings, {.colour = context.has_colour(context.err)}));
  context.err.flush();
  if (!imported) return ExitCode::bad_config;
  context.out.write(imported->toml);
  return ExitCode::done;
}

}  // namespace foster::cli::commands
