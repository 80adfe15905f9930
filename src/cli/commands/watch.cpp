#include <poll.h>

#include <algorithm>
#include <chrono>

#include "api/timestamp.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/process_query.hpp"
#include "cli/render.hpp"
#include "insight/changes.hpp"
#include "sys/clock.hpp"

namespace foster::cli::commands {
namespace {

constexpr std::uint64_t kDefaultMilliseconds = 10;
constexpr std::uint64_t kLongestMilliseconds = 60'000;
constexpr TableDetail kDetail{.arguments = true, .user = false};

Colour colour_of(insight::ChangeKind kind) {
  switch (kind) {
    case insight::ChangeKind::fork:
      return Colour::green;
    case insight::ChangeKind::exit:
      return Colour::red;
    case insight::ChangeKind::adoption:
    case insight::ChangeKind::session:
      return Colour::yellow;
    case insight::ChangeKind::group:
    case insight::ChangeKind::exec:
      break;
  }
  return Colour::none;
}

void print(Context& context, const insight::Change& change) {
  const auto now = sys::wall_now();
  const Process& process = change.process;
  if (!context.wants_json) {
    const std::string kind = fmt::format("{:<9}", insight::to_string(change.kind));
    context.out.print("{}  {}{}\n", clock_text(now),
                      context.has_colour(context.out) ? coloured(kind, colour_of(change.kind)) : kind,
                      printable(change.text));
    return;
  }
  const auto number = [](api::JsonWriter& json, std::string_view key, const auto& id) {
    json.key(key);
    id ? json.number(id->number()) : json.null();
  };
  api::JsonWriter json;
  json.begin_object().key("time").string(api::to_rfc3339(now));
  json.key("event").string(insight::to_string(change.kind)).key("pid").number(process.pid.number());
  number(json, "ppid", process.parent);
  number(json, "pgid", process.group);
  number(json, "sid", process.session);
  json.key("command").string(command_line(process)).key("text").string(change.text);
  context.out.print("{}\n", json.end_object().text());
}

/// Whom to watch at first; empty after a complaint.
std::vector<Pid> tops_or_complain(Context& context, const insight::View& view, const std::vector<std::string>& words) {
  std::vector<Pid> tops;
  if (words.empty()) tops.emplace_back(1);
  for (const std::string& word : words) {
    const auto found = find_processes(view, word, foster_meant(context));
    if (found.empty()) {
      context.complain("no process, service or program is called {}", word);
      return {};
    }
    for (const Process* process : found) tops.push_back(process->pid);
  }
  return tops;
}

/// Until nobody is left, or nobody reads.
ExitCode follow(Context& context, const std::vector<Pid>& tops, insight::Known known, int pause) {
  while (!known.empty() && !context.out.is_broken()) {
    (void)::poll(nullptr, 0, pause);
    const auto table = read_process_table(kDetail);
    if (!table) {
      context.complain("cannot look at the processes: {}", to_string(table.error()));
      return ExitCode::failed;
    }
    auto now = insight::below(*table, tops, known);
    for (const insight::Change& change : insight::changes_between(known, now)) print(context, change);
    context.out.flush();
    known = std::move(now);
  }
  return ExitCode::done;
}

}  // namespace

ExitCode watch(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::vector<std::string> words;
  std::optional<std::uint64_t> milliseconds;
  options.operands(words, "PID|NAME");
  options.number("--every", milliseconds, "Look every N milliseconds (10)");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  const std::uint64_t pause = milliseconds.value_or(kDefaultMilliseconds);
  if (pause == 0 || pause > kLongestMilliseconds) {
    context.complain("--every is 1 to {} milliseconds", kLongestMilliseconds);
    return ExitCode::usage;
  }
  const auto view = look_or_complain(context, kDetail);
  if (!view) return view.error();
  const auto tops = tops_or_complain(context, *view, words);
  if (tops.empty()) return ExitCode::no_such_service;
  auto known = insight::below(view->table(), tops, {});
  context.err.print("watching {} process{}, every {} ms; what is quicker than that is not seen\n", known.size(),
                    known.size() == 1 ? "" : "es", pause);
  context.err.flush();
  return follow(context, tops, std::move(known), static_cast<int>(pause));
}

}  // namespace foster::cli::commands
