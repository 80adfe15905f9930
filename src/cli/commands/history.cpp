#include <algorithm>
#include <span>

#include "api/target.hpp"
#include "cli/commands/commands.hpp"
#include "cli/history_page.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "cli/since.hpp"
#include "sys/clock.hpp"

namespace foster::cli::commands {
namespace {

constexpr std::uint64_t kDefaultRuns = 10;
// As many as the API gives at once.
constexpr std::uint64_t kMostEvents = 10'000;

struct Wishes {
  std::vector<std::string> names;
  std::optional<std::uint64_t> runs;
  std::optional<WallTime> since;
};

/// The runs that are meant. One that has begun before `since` and went on after it belongs to them.
std::span<const RunOfHistory> choose(const std::vector<RunOfHistory>& all, const std::vector<HistoryRow>& events,
                                     const Row& row, const Wishes& wishes) {
  std::span<const RunOfHistory> runs(all);
  if (wishes.since) {
    const auto is_over = [&](const RunOfHistory& run) {
      const bool goes_on = run.first + run.count == events.size() && core::may_be_alive(row.state);
      return !goes_on && events[run.first + run.count - 1].time < *wishes.since;
    };
    while (!runs.empty() && is_over(runs.front())) runs = runs.subspan(1);
  }
  const std::uint64_t most = wishes.runs.value_or(wishes.since ? kMostEvents : kDefaultRuns);
  return runs.size() > most ? runs.last(most) : runs;
}

std::string json_of(const Row& row, const std::vector<std::string>& raw, std::span<const RunOfHistory> runs) {
  std::string text = fmt::format(R"({{"name":"{}","state":"{}","runs":[)", row.name, core::to_string(row.state));
  const char* separator = "";
  for (const RunOfHistory& run : runs) {
    const auto events = std::span(raw).subspan(run.first, run.count);
    text += fmt::format(R"({}{{"run":{},"events":[{}]}})", std::exchange(separator, ","),
                        run.run ? std::to_string(*run.run) : "null", fmt::join(events, ","));
  }
  return text + "]}";
}

ExitCode show(Context& context, const Target& target, const std::vector<Row>& rows, const Wishes& wishes) {
  std::vector<std::string> json;
  bool is_first = true;
  for (const Row& row : rows) {
    const auto reply = ask_or_complain(
        context, target,
        {.target = fmt::format("/v1/services/{}/history?n={}", api::percent_encode(row.name), kMostEvents)});
    if (!reply) return reply.error();
    const auto events = read_history(reply->body);
    if (!events) return complain_about(context, *reply);
    const auto all = runs_of(*events);
    const auto runs = choose(all, *events, row, wishes);
    if (context.wants_json) {
      json.push_back(json_of(row, raw_events(reply->body), runs));
      continue;
    }
    if (!std::exchange(is_first, false)) context.out.write("\n");
    context.out.write(history_page(row, *events, runs, context.has_colour(context.out)));
  }
  if (context.wants_json) context.out.print("{{\"history\":[{}]}}\n", fmt::join(json, ","));
  return ExitCode::done;
}

}  // namespace

ExitCode history(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  Wishes wishes;
  std::optional<std::string> since;
  options.operands(wishes.names, "NAME");
  options.number("-n,--runs", wishes.runs, "Only the last N runs of each (10; with --since: all)");
  options.text("--since", since, "WHEN", "Only what went on after that: 90s, 1h, 2d ago, 09:30, '2031-05-07 09:30'");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (wishes.names.empty()) {
    context.complain("history of what? foster history NAME");
    return ExitCode::usage;
  }
  if (since) {
    wishes.since = parse_since(*since, sys::wall_now());
    if (!wishes.since) {
      context.complain("{} is no time; as: 90s, 1h, 2d, 09:30, 2031-05-07, '2031-05-07 09:30'", *since);
      return ExitCode::usage;
    }
  }
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const auto reply = ask_or_complain(context, *target, {.target = with_names("/v1/services", wishes.names)});
  if (!reply) return reply.error();
  const auto rows = read_rows(reply->body);
  if (!rows) return complain_about(context, *reply);
  return show(context, *target, *rows, wishes);
}

}  // namespace foster::cli::commands
