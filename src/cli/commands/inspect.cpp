#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/process_page.hpp"
#include "cli/process_query.hpp"

namespace foster::cli::commands {

ExitCode inspect(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> who;
  options.operand(who, "PID|NAME");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (!who) {
    context.complain("inspect what? foster inspect PID");
    return ExitCode::usage;
  }
  const auto view = look_or_complain(context);
  if (!view) return view.error();
  const auto process = process_or_complain(context, *view, *who);
  if (!process) return process.error();
  const auto facts = insight::read_facts(**process);
  const auto predictions = insight::predict(**process, *view, insight::read_surroundings(**process, facts));
  const ProcessPage page{.view = *view, .process = **process, .facts = facts, .predictions = predictions};
  context.wants_json
      ? context.out.print("{}\n", page_json(page))
      : context.out.write(page_text(page, context.has_colour(context.out) ? PageColours::on : PageColours::off));
  return ExitCode::done;
}

}  // namespace foster::cli::commands
