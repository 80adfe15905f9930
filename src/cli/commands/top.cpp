#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "cli/top/layout.hpp"
#include "cli/top/live.hpp"
#include "sys/clock.hpp"

namespace foster::cli::commands {
namespace {

// A rate takes two looks; the first is soon followed by the second.
constexpr int kFirstMilliseconds = 250;
constexpr int kEachMilliseconds = 1000;
// As wide as a screen is drawn where there is none.
constexpr std::size_t kWidthOfText = 120;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Whether the locale is one of UTF-8, by the first of these that is set.
bool has_utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value(variable(name));
    if (value.empty()) continue;
    std::ranges::transform(value, value.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

ExitCode print_screens(Context& context, const Target& target, const std::vector<std::string>& names,
                       std::uint64_t count, top::Ink ink) {
  top::Model model(target.name, {});
  model.resize({.rows = SIZE_MAX, .columns = terminal_width(STDOUT_FILENO).value_or(kWidthOfText)});
  const Question question{.target = with_names("/v1/services", names)};
  for (std::uint64_t looks = 0; looks <= count; ++looks) {
    const auto reply = ask_or_complain(context, target, question);
    if (!reply) return reply.error();
    auto rows = read_rows(reply->body);
    if (!rows) return complain_about(context, *reply);
    model.take(std::move(*rows), sys::monotonic_now(), sys::wall_now());
    if (looks > 0) {
      if (looks > 1) context.out.write("\n");
      context.out.write(top::plain_text(top::draw_all(model), ink));
      context.out.flush();
    }
    if (context.out.is_broken()) break;
    if (looks < count) (void)::poll(nullptr, 0, looks == 0 ? kFirstMilliseconds : kEachMilliseconds);
  }
  return ExitCode::done;
}

/// What is wrong with the terminal; empty: nothing.
std::string_view objection(const Context& context) {
  if (!context.out.is_terminal()) return "top draws on a terminal, and this is none";
  if (variable("TERM") == "dumb") return "this terminal can show no screen (TERM=dumb)";
  return {};
}

}  // namespace

ExitCode top(Context& context, const Command& command, Arguments arguments) {
  if (std::ranges::find(arguments, std::string_view("--json"),
                        [](const char* word) { return std::string_view(word); }) != arguments.end()) {
    context.complain("top is for people; programs take: foster ps --json");
    return ExitCode::usage;
  }
  OptionSet options(context, command);
  std::vector<std::string> names;
  bool once = false;
  std::optional<std::uint64_t> count;
  options.operands(names, "NAME");
  options.flag("--once", once, "Print one screen as text, and end; works without a terminal");
  options.number("-n,--screens", count, "Print N screens as text, one a second");
  if (const auto code = options.parse(arguments)) return *code;
  if (once && !count) count = 1;
  if (count == 0U) {
    context.complain("-n takes at least 1");
    return ExitCode::usage;
  }
  const auto wrong = count ? std::string_view{} : objection(context);
  if (!wrong.empty()) {
    context.complain("{}; one screen as text: foster top --once", wrong);
    return ExitCode::usage;
  }
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const top::Ink ink{.has_colour = context.has_colour(context.out), .has_utf8 = has_utf8_locale()};
  if (count) return print_screens(context, *target, names, *count, ink);
  // Who runs, and whether the names make sense, is told before there is a screen.
  const auto reply = ask_or_complain(context, *target, {.target = with_names("/v1/services", names)});
  if (!reply) return reply.error();
  return top::show_live(context, *target, names, ink);
}

}  // namespace foster::cli::commands
