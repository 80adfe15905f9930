#include "insight/lint.hpp"

#include <algorithm>
#include <chrono>

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/process_query.hpp"
#include "cli/render.hpp"
#include "insight/trial.hpp"

namespace foster::cli::commands {
namespace {

using insight::Finding;
using insight::Verdict;

constexpr std::uint64_t kDefaultPatience = 10;
constexpr std::uint64_t kLongestPatience = 3600;
constexpr std::size_t kShownOutput = 2000;

/// What was judged.
struct Judgement {
  std::string who;
  std::vector<Finding> findings;
  std::vector<std::string> seen = {};
};

Colour colour_of(Verdict verdict) {
  return verdict == Verdict::pass ? Colour::green : verdict == Verdict::warn ? Colour::yellow : Colour::red;
}

void write_json(Context& context, const Judgement& judgement) {
  api::JsonWriter json;
  json.begin_object().key("verdict").string(insight::to_string(insight::worst_of(judgement.findings)));
  json.key("process").string(judgement.who).key("rules").begin_array();
  for (const Finding& finding : judgement.findings) {
    json.begin_object().key("rule").string(finding.rule).key("verdict").string(insight::to_string(finding.verdict));
    json.key("evidence").string(finding.evidence).key("fix").string_or_null(finding.fix).end_object();
  }
  json.end_array().key("seen").begin_array();
  for (const std::string& event : judgement.seen) json.string(event);
  context.out.print("{}\n", json.end_array().end_object().text());
}

void show(Context& context, const Judgement& judgement) {
  const bool has_colour = context.has_colour(context.out);
  if (!judgement.seen.empty()) context.out.write("What was seen:\n");
  for (const std::string& event : judgement.seen) context.out.print("  {}\n", printable(event));
  for (const Finding& finding : judgement.findings) {
    const std::string verdict(insight::to_string(finding.verdict));
    context.out.print("{}  {:<22} {}\n", has_colour ? coloured(verdict, colour_of(finding.verdict)) : verdict,
                      finding.rule, printable(finding.evidence));
    if (!finding.fix.empty()) context.out.print("      {:<22} → {}\n", "", finding.fix);
  }
  const Verdict worst = insight::worst_of(judgement.findings);
  context.out.print("{}: {}\n", printable(judgement.who),
                    worst == Verdict::pass   ? "a proper daemon"
                    : worst == Verdict::warn ? "a daemon, with reservations"
                                             : "no proper daemon");
}

ExitCode finish(Context& context, const Judgement& judgement) {
  context.wants_json ? write_json(context, judgement) : show(context, judgement);
  return insight::worst_of(judgement.findings) == Verdict::fail ? ExitCode::failed : ExitCode::done;
}

ExitCode lint_running(Context& context, const std::string& who) {
  const auto view = look_or_complain(context);
  if (!view) return view.error();
  auto found = find_processes(*view, who, foster_meant(context));
  // Of a master and its workers, the master is meant.
  std::erase_if(found, [&](const Process* process) {
    const Process* parent = view->table().parent_of(*process);
    return found.size() > 1 && parent != nullptr && parent->name == process->name;
  });
  const auto process = found.size() == 1 ? std::expected<const Process*, ExitCode>(found.front())
                                         : process_or_complain(context, *view, who);
  if (!process) return process.error();
  if ((*process)->is_zombie() || (*process)->is_kernel_thread) {
    context.complain("{} is no program that runs: {}", who, view->classify(**process).reason);
    return ExitCode::failed;
  }
  const auto facts = insight::read_facts(**process);
  return finish(context, {.who = insight::called(**process),
                          .findings = insight::lint(**process, *view, facts, insight::read_circumstances(**process))});
}

ExitCode complain_about_output(Context& context, std::string_view what, std::string_view output) {
  context.complain("{}", what);
  if (output.size() > kShownOutput) output.remove_prefix(output.size() - kShownOutput);
  while (!output.empty()) {
    const auto end = output.find('\n');
    const auto line = printable(output.substr(0, end));
    if (line.find_first_not_of(' ') != std::string::npos) context.err.print("  | {}\n", line);
    output = end == std::string_view::npos ? std::string_view{} : output.substr(end + 1);
  }
  return ExitCode::failed;
}

ExitCode lint_trial(Context& context, const std::vector<std::string>& words, std::chrono::seconds patience) {
  context.out.flush();
  auto trial = insight::Trial::start(words);
  if (!trial) {
    context.complain("{}", to_string(trial.error()));
    return ExitCode::failed;
  }
  const auto result = trial->watch(patience);
  if (result.problem) {
    context.complain("exec {}: {}", words.front(), to_string(Error{"", result.problem->code, ""}).substr(2));
    return ExitCode::failed;
  }
  const auto view = look_or_complain(context);
  if (!view) return view.error();
  const Process* daemon = result.daemon ? view->table().find(*result.daemon) : nullptr;
  if (daemon == nullptr) {
    const std::string how = result.launcher ? to_string(*result.launcher) : "has vanished";
    return complain_about_output(context, fmt::format("{} {}, and left no daemon", words.front(), how),
                                 trial->output());
  }
  const auto facts = insight::read_facts(*daemon);
  auto circumstances = insight::read_circumstances(*daemon);
  circumstances.planted_descriptor = trial->planted();
  Judgement judgement{.who = insight::called(*daemon),
                      .findings = insight::lint(*daemon, *view, facts, circumstances),
                      .seen = result.seen};
  if (!result.launcher) {
    judgement.seen.push_back(
        fmt::format("{} did not return within {} s: it stayed in the foreground", words.front(), patience.count()));
  }
  judgement.seen.emplace_back("all of it is ended again");
  return finish(context, judgement);
}

}  // namespace

ExitCode lint(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::optional<std::string> who;
  std::vector<std::string> words;
  std::optional<std::uint64_t> patience;
  const bool is_trial = std::ranges::any_of(arguments, [](const char* word) { return std::string_view(word) == "--"; });
  is_trial ? options.command_line(words) : options.operand(who, "PID|NAME");
  options.number("--wait", patience, "Seconds that COMMAND has to become a daemon (10)");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (is_trial ? words.empty() : !who.has_value()) {
    context.complain("lint what? foster lint PID, or: foster lint -- COMMAND");
    return ExitCode::usage;
  }
  if (patience.value_or(1) == 0 || patience.value_or(1) > kLongestPatience) {
    context.complain("--wait is 1 to {} seconds", kLongestPatience);
    return ExitCode::usage;
  }
  return is_trial ? lint_trial(context, words, std::chrono::seconds(patience.value_or(kDefaultPatience)))
                  : lint_running(context, *who);
}

}  // namespace foster::cli::commands
