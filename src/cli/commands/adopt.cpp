#include <charconv>
#include <filesystem>

#include "api/json_codec.hpp"
#include "api/json_writer.hpp"
#include "cli/command_definition.hpp"
#include "cli/commands/commands.hpp"
#include "cli/ensure_running.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"

namespace foster::cli::commands {
namespace {

struct Wishes {
  std::optional<std::string> process;
  std::optional<std::string> name;
  std::optional<std::string> restart;
  std::vector<std::string> words;
};

// A number is a pid, and anything else the path of a pidfile: "./4711" for one that is called so.
std::optional<api::AdoptRequest> request_for(Context& context, const Wishes& wishes) {
  api::AdoptRequest request{.name = *wishes.name, .pid = 0, .pidfile = {}, .definition = {}};
  const std::string& text = *wishes.process;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), request.pid);
  if (error != std::errc{} || end != text.data() + text.size()) {
    std::error_code failed;
    request.pidfile = std::filesystem::absolute(text, failed).string();
    if (failed) {
      context.complain("{}: {}", text, failed.message());
      return std::nullopt;
    }
  }
  if (wishes.words.empty()) return request;
  api::JsonWriter json;
  json.begin_object();
  if (!write_invocation(json, context, wishes.words, Percent::literal)) return std::nullopt;
  // It was started by hand, and is to be there: whatever its end was.
  json.key("restart").string(wishes.restart.value_or("always"));
  json.end_object();
  request.definition = json.take();
  return request;
}

}  // namespace

ExitCode adopt(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  Wishes wishes;
  options.operand(wishes.process, "PID|PIDFILE");
  options.text("-n,--service", wishes.name, "NAME", "What to call it");
  options.text("--restart", wishes.restart, "WHEN", "With a command: always (default), on-failure or never");
  options.json();
  options.command_line(wishes.words);
  if (const auto code = options.parse(arguments)) return *code;
  if (!wishes.process || !wishes.name) {
    context.complain("adopt what, and under which name? foster adopt PID|PIDFILE -n NAME [-- COMMAND [ARGUMENT…]]");
    return ExitCode::usage;
  }
  if (wishes.restart && wishes.words.empty()) {
    context.complain("--restart needs the command to start: foster adopt PID|PIDFILE -n NAME -- COMMAND [ARGUMENT…]");
    return ExitCode::usage;
  }
  const auto request = request_for(context, wishes);
  if (!request) return ExitCode::usage;
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  if (const auto code = ensure_running(context, *target)) return *code;
  const auto reply = ask_or_complain(
      context, *target, {.method = "POST", .target = "/v1/adopt", .body = api::encode(*request)}, Repeat::never);
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
  return complain_about(context, changed->outcomes, "was not adopted");
}

}  // namespace foster::cli::commands
