#include "cli/completion.hpp"

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"

namespace foster::cli::commands {
namespace {

// Names of instances and services, for the scripts. Silence when there is no foster to ask.
ExitCode list_names(Context& context) {
  const auto target = find_target({.name = context.name});
  if (!target) return ExitCode::done;
  const Client client(target->directories);
  if (!client.may_be_alive()) return ExitCode::done;
  const auto reply = client.get("/v1/services");
  const auto rows = reply ? read_rows(reply->body) : std::nullopt;
  if (!rows) return ExitCode::done;
  std::string last_service;
  for (const Row& row : *rows) {
    if (row.service != row.name && row.service != last_service) context.out.print("{}\n", row.service);
    last_service = row.service;
    context.out.print("{}\n", row.name);
  }
  return ExitCode::done;
}

}  // namespace

ExitCode completion(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::vector<std::string> words;
  options.operands(words, "SHELL");
  if (const auto code = options.parse(arguments)) return *code;
  const std::string what = words.empty() ? "" : words.front();
  if (what == "names") return list_names(context);
  if (what == "options" && words.size() == 2) {
    const Command* asked = find_command(words.back());
    const char* const list[] = {kListOptions.data()};
    return asked != nullptr ? asked->run(context, *asked, Arguments(list)) : ExitCode::done;
  }
  if (const auto script = completion_script(what); script && words.size() == 1) {
    context.out.write(*script);
    return ExitCode::done;
  }
  context.complain("for which shell? foster completion bash, zsh or fish");
  return ExitCode::usage;
}

}  // namespace foster::cli::commands
