#include "cli/session.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "api/target.hpp"
#include "config/diagnostic.hpp"
#include "supervisor/remains.hpp"

namespace foster::cli {
namespace {

ExitCode exit_code_of(std::string_view kind) {
  if (kind == "no-such-service") return ExitCode::no_such_service;
  if (kind == "bad-config") return ExitCode::bad_config;
  if (kind == "bad-request") return ExitCode::usage;
  return ExitCode::failed;
}

std::string nobody_runs(const Target& target) {
  const std::string hint = "; start it with: foster up";
  if (target.found != Target::Found::by_default) return "no foster named " + target.name + " is running" + hint;
  const auto running = running_instances();
  if (running.empty()) return "no foster is running" + hint + ", or: foster run -- COMMAND";
  std::string names;
  for (const std::string& name : running) names += (names.empty() ? "" : ", ") + name;
  return "several fosters are running (" + names + "); say which with --name";
}

}  // namespace

std::expected<Target, ExitCode> target_or_complain(Context& context, std::optional<std::string> config) {
  auto target = find_target({.name = context.name, .config = std::move(config)});
  if (target) return std::move(*target);
  context.complain("{}", to_string(target.error()));
  return std::unexpected(ExitCode::usage);
}

std::expected<Reply, ExitCode> ask_or_complain(Context& context, const Target& target, const Question& question,
                                               Repeat repeat) {
  auto reply = Client(target.directories).ask(question, repeat);
  if (!reply) return std::unexpected(complain_about(context, target, reply.error()));
  if (!reply->is_ok()) return std::unexpected(complain_about(context, *reply));
  return std::move(*reply);
}

ExitCode complain_about(Context& context, const Target& target, const Error& error) {
  if (error.code == ENOENT || error.code == ECONNREFUSED) {
    context.complain("{}", nobody_runs(target));
    return ExitCode::no_instance;
  }
  if (error.code == EACCES) {
    context.complain("{} belongs to somebody else: {}", target.directories.runtime, to_string(error));
    return ExitCode::no_instance;
  }
  if (error.code == EHOSTDOWN) {
    const auto remains = supervisor::read_remains(target.directories);
    // The third request within ten seconds is the reaper's own affair.
    const std::string hint = remains && remains->reaper > 0
                                 ? fmt::format("; to end everything: kill {0}; kill {0}; kill {0}", remains->reaper)
                                 : "";
    context.complain("{} does not answer: its supervisor does not stay up, and services run on{}", target.name, hint);
    return ExitCode::failed;
  }
  context.complain("lost the connection to {}: {}; see what became of it with: foster ps", target.name,
                   to_string(error));
  return ExitCode::failed;
}

ExitCode complain_about(Context& context, const Reply& reply) {
  const auto problem = read_problem(reply.body);
  if (!problem) {
    context.complain("foster answered with HTTP status {}", reply.status);
    return ExitCode::failed;
  }
  show_diagnostics(context, problem->diagnostics);
  if (problem->diagnostics.empty()) {
    context.complain("{}", problem->message);
  } else if (problem->kind == "bad-config") {
    context.complain("the config is not valid; nothing was changed");
  }
  return exit_code_of(problem->kind);
}

ExitCode complain_about(Context& context, const std::vector<OutcomeRow>& outcomes, std::string_view what_failed) {
  ExitCode code = ExitCode::done;
  for (const OutcomeRow& one : outcomes) {
    if (one.is_ok) continue;
    code = ExitCode::failed;
    const char* colon = one.why.empty() ? "" : ": ";
    context.complain("{} {}{}{}; more: foster why {}", one.name, what_failed, colon, one.why, one.name);
  }
  return code;
}

void show_diagnostics(Context& context, const std::vector<DiagnosticRow>& diagnostics) {
  std::vector<config::Diagnostic> found;
  for (const DiagnosticRow& one : diagnostics) {
    found.push_back({.file = one.file,
                     .line = one.line,
                     .column = one.column,
                     .key = {},
                     .message = one.message,
                     .hint = one.hint,
                     .severity = one.is_warning ? config::Severity::warning : config::Severity::error,
                     .source = one.source,
                     .caret = one.column > 0 ? one.column - 1 : 0});
  }
  if (found.empty()) return;
  context.out.flush();
  context.err.write(config::render(found, {.colour = context.has_colour(context.err)}));
}

std::string with_names(std::string target, const std::vector<std::string>& names) {
  char separator = target.find('?') == std::string::npos ? '?' : '&';
  for (const std::string& name : names) {
    target += separator;
    target += "name=" + api::percent_encode(name);
    separator = '&';
  }
  return target;
}

}  // namespace foster::cli
