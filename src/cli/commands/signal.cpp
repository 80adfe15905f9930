#include <foster/signal.hpp>

#include "api/json_codec.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"

namespace foster::cli::commands {

ExitCode signal(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::vector<std::string> words;
  options.operands(words, "SIGNAL NAME");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (words.size() < 2) {
    context.complain("which signal to which services? foster signal SIGNAL NAME…");
    return ExitCode::usage;
  }
  const auto number = Signal::from_name(words.front());
  if (!number) {
    const bool is_reversed = Signal::from_name(words.back()).has_value();
    context.complain("no signal is called {}{}", words.front(),
                     is_reversed ? "; the signal comes first: foster signal " + words.back() + " NAME…" : "");
    return ExitCode::usage;
  }
  words.erase(words.begin());
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const api::SignalRequest request{.patterns = std::move(words), .signal = *number};
  const auto reply =
      ask_or_complain(context, *target,
                      {.method = "POST", .target = "/v1/services/signal", .body = api::encode(request)}, Repeat::never);
  if (!reply) return reply.error();
  if (context.wants_json) context.out.print("{}\n", reply->body);
  const auto changed = read_changed(reply->body);
  if (!changed) return complain_about(context, *reply);
  return complain_about(context, changed->outcomes, "was not signalled");
}

}  // namespace foster::cli::commands
