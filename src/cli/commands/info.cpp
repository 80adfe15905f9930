#include <fmt/format.h>

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"

namespace foster::cli::commands {

ExitCode info(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const auto reply = ask_or_complain(context, *target, {.target = "/v1/info"});
  if (!reply) return reply.error();
  if (context.wants_json) {
    context.out.print("{}\n", reply->body);
    return ExitCode::done;
  }
  const auto found = read_info(reply->body);
  if (!found) return complain_about(context, *reply);
  context.out.print("name         {}\nversion      {}\nreaper       pid {}\nsupervisor   pid {}\n", found->name,
                    found->version, found->reaper, found->supervisor);
  context.out.print("config       {}\nruntime dir  {}\nstate dir    {}\nlog dir      {}\n",
                    found->config.empty() ? "none" : found->config, found->runtime_dir, found->state_dir,
                    found->log_dir);
  if (!found->history_trouble.empty()) context.out.print("history      not stored: {}\n", found->history_trouble);
  return ExitCode::done;
}

}  // namespace foster::cli::commands
