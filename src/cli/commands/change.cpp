#include "cli/commands/change.hpp"

#include "api/json_codec.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"

namespace foster::cli::commands {

std::string_view failure_of(api::Verb verb) {
  switch (verb) {
    case api::Verb::start:
    case api::Verb::restart:
      return "did not become ready";
    case api::Verb::stop:
      return "did not stop";
  }
  return "";
}

ExitCode change(Context& context, const Command& command, Arguments arguments, api::Verb verb) {
  OptionSet options(context, command);
  std::vector<std::string> names;
  bool no_wait = false;
  options.operands(names, "NAME");
  options.flag("--no-wait", no_wait, "Return at once instead of when it is done");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (names.empty()) {
    context.complain("which services? 'foster {0} NAME', or all: foster {0} '*'", command.name);
    return ExitCode::usage;
  }
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const api::ChangeRequest request{.verb = verb, .patterns = std::move(names), .wait = !no_wait};
  const auto reply = ask_with_progress(
      context, *target,
      {.method = "POST", .target = "/v1/services/" + std::string(api::to_string(verb)), .body = api::encode(request)},
      verb == api::Verb::restart ? Repeat::never : Repeat::freely, Progress::on_terminal);
  if (!reply) return reply.error();
  const auto changed = read_changed(reply->body);
  if (!changed) return complain_about(context, *reply);
  if (context.wants_json) {
    context.out.print("{}\n", reply->body);
  } else {
    for (const OutcomeRow& one : changed->outcomes) {
      if (one.is_ok) context.out.print("{} {}\n", one.name, core::to_string(one.state));
    }
  }
  return complain_about(context, changed->outcomes, failure_of(verb));
}

ExitCode start(Context& context, const Command& command, Arguments arguments) {
  return change(context, command, arguments, api::Verb::start);
}

ExitCode stop(Context& context, const Command& command, Arguments arguments) {
  return change(context, command, arguments, api::Verb::stop);
}

ExitCode restart(Context& context, const Command& command, Arguments arguments) {
  return change(context, command, arguments, api::Verb::restart);
}

}  // namespace foster::cli::commands
