#include <charconv>

#include "api/json_codec.hpp"
#include "api/json_writer.hpp"
#include "cli/command_definition.hpp"
#include "cli/commands/commands.hpp"
#include "cli/ensure_running.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/session.hpp"

namespace foster::cli::commands {
namespace {

struct Wishes {
  std::optional<std::string> name;
  std::optional<std::string> restart;
  std::optional<std::string> ready;
  std::optional<std::string> ready_timeout;
  std::optional<std::uint64_t> workers;
  bool replace = false;
  bool no_wait = false;
  std::vector<std::string> words;
};

// "python3" of "/usr/bin/python3", with what a name may not hold left out.
std::string name_of(const std::string& program) {
  std::string name;
  for (const char c : program.substr(program.rfind('/') + 1)) {
    const bool is_letter_or_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (is_letter_or_digit || (!name.empty() && (c == '.' || c == '_' || c == '-'))) name += c;
  }
  return name.empty() ? "command" : name;
}

// "notify", or "tcp=127.0.0.1:80".
bool write_ready(api::JsonWriter& json, const Wishes& wishes) {
  if (!wishes.ready) return true;
  const auto equals = wishes.ready->find('=');
  const std::string kind = wishes.ready->substr(0, equals);
  json.key("ready").begin_object();
  if (equals == std::string::npos) {
    json.key("how").string(kind);
  } else if (kind == "fd") {
    const std::string value = wishes.ready->substr(equals + 1);
    int number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc{} || end != value.data() + value.size()) return false;
    json.key(kind).number(number);
  } else {
    json.key(kind).string(wishes.ready->substr(equals + 1));
  }
  if (wishes.ready_timeout) json.key("timeout").string(*wishes.ready_timeout);
  json.end_object();
  return true;
}

std::optional<std::string> definition_of(Context& context, const Wishes& wishes) {
  api::JsonWriter json;
  json.begin_object();
  // With several workers, "%i" is the worker's number.
  const Percent percent = wishes.workers ? Percent::worker_number : Percent::literal;
  if (!write_invocation(json, context, wishes.words, percent)) return std::nullopt;
  if (wishes.restart) json.key("restart").string(*wishes.restart);
  if (wishes.workers) json.key("workers").number(*wishes.workers);
  if (!write_ready(json, wishes)) {
    context.complain("--ready fd=N needs a number");
    return std::nullopt;
  }
  json.end_object();
  return json.take();
}

ExitCode report(Context& context, const Reply& reply, const Wishes& wishes) {
  const auto changed = read_changed(reply.body);
  if (!changed) return complain_about(context, reply);
  if (context.wants_json) {
    context.out.print("{}\n", reply.body);
  } else {
    for (const OutcomeRow& one : changed->outcomes) {
      if (one.is_ok) context.out.print("{} {}\n", one.name, core::to_string(one.state));
    }
  }
  return complain_about(context, changed->outcomes, wishes.no_wait ? "failed" : "did not become ready");
}

}  // namespace

ExitCode run(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  Wishes wishes;
  options.text("-n,--service", wishes.name, "NAME", "What to call it (default: the command's own name)");
  options.text("--restart", wishes.restart, "WHEN", "always, on-failure (default) or never");
  options.text("--ready", wishes.ready, "HOW", "notify, fd=3, tcp=HOST:PORT, http=URL, exec=COMMAND or log=REGEX");
  options.text("--ready-timeout", wishes.ready_timeout, "TIME", "Give up when it is not ready by then (30s)");
  options.number("--workers", wishes.workers, "So many of them; %i in the command is each one's number");
  options.flag("--replace", wishes.replace, "Take the name of one that is not running");
  options.flag("--no-wait", wishes.no_wait, "Return at once instead of when it is up");
  options.json();
  options.command_line(wishes.words);
  if (const auto code = options.parse(arguments)) return *code;
  if (wishes.words.empty()) {
    context.complain("run what? foster run -- COMMAND [ARGUMENT…]");
    return ExitCode::usage;
  }
  const auto definition = definition_of(context, wishes);
  if (!definition) return ExitCode::usage;
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  if (const auto code = ensure_running(context, *target)) return *code;
  const api::RunRequest request{.name = wishes.name.value_or(name_of(wishes.words.front())),
                                .definition = *definition,
                                .replace = wishes.replace,
                                .wait = !wishes.no_wait};
  const auto reply =
      ask_with_progress(context, *target, {.method = "POST", .target = "/v1/run", .body = api::encode(request)},
                        Repeat::never, Progress::on_terminal);
  return reply ? report(context, *reply, wishes) : reply.error();
}

}  // namespace foster::cli::commands
