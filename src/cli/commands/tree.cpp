#include <poll.h>

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/process_query.hpp"
#include "cli/process_tree.hpp"
#include "cli/render.hpp"

namespace foster::cli::commands {
namespace {

constexpr int kWatchMilliseconds = 1000;
constexpr std::string_view kClear = "\x1b[H\x1b[2J\x1b[3J";

struct TreeQuestion {
  std::optional<std::string> about;
  TreeStyle style;
  bool wants_legend = false;
};

ExitCode show(Context& context, const TreeQuestion& question) {
  const bool needs_arguments = context.wants_json || question.style.shows_arguments;
  const auto view = look_or_complain(context, {.arguments = needs_arguments, .user = false, .namespaces = true});
  if (!view) return view.error();
  const auto roots = question.about ? find_processes(*view, *question.about, foster_meant(context))
                                    : roots_of(*view, question.style.kernel_threads);
  if (roots.empty()) {
    context.complain("no process, service or program is called {}", question.about.value_or("that"));
    return ExitCode::no_such_service;
  }
  if (context.wants_json) {
    context.out.print("{}\n", tree_json(*view, roots, question.style.kernel_threads));
    return ExitCode::done;
  }
  context.out.write(tree_text(*view, roots, question.style));
  if (question.wants_legend) context.out.write(tree_legend(question.style));
  return ExitCode::done;
}

}  // namespace

ExitCode tree(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  TreeQuestion question;
  bool unfolded = false;
  bool kernel = false;
  bool watches = false;
  options.operand(question.about, "PID|NAME");
  options.flag("-a,--arguments", question.style.shows_arguments, "Show whole command lines");
  options.flag("-l,--long", unfolded, "Show every process: do not fold siblings that are alike");
  options.flag("-k,--kernel", kernel, "Show kernel threads, too");
  options.flag("-w,--watch", watches, "Look again every second, until Ctrl-C");
  options.flag("--legend", question.wants_legend, "Explain the signs (on a terminal always)");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  const bool is_terminal = context.out.is_terminal();
  question.style.folding = unfolded ? Folding::none : Folding::alike_siblings;
  question.style.kernel_threads = kernel ? KernelThreads::shown : KernelThreads::hidden;
  question.style.has_colour = context.has_colour(context.out);
  if (is_terminal) question.style.width = terminal_width(STDOUT_FILENO);
  question.wants_legend = question.wants_legend || is_terminal;
  for (;;) {
    if (watches && is_terminal && !context.wants_json) context.out.write(kClear);
    const ExitCode code = show(context, question);
    context.out.flush();
    if (!watches || code != ExitCode::done || context.out.is_broken()) return code;
    (void)::poll(nullptr, 0, kWatchMilliseconds);
  }
}

}  // namespace foster::cli::commands
