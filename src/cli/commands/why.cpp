#include <algorithm>
#include <chrono>

#include "api/target.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "sys/clock.hpp"

namespace foster::cli::commands {
namespace {

constexpr std::size_t kEvents = 12;
constexpr std::size_t kLines = 8;

// What happened last, from the history; of a name without one, nothing.
std::vector<HistoryRow> history_of(const Client& client, const std::string& name) {
  const auto reply = client.get(fmt::format("/v1/services/{}/history?n={}", api::percent_encode(name), kEvents));
  if (!reply || !reply->is_ok()) return {};
  return read_history(reply->body).value_or(std::vector<HistoryRow>{});
}

std::string last_output(const Client& client, const std::string& name) {
  const auto reply = client.get(fmt::format("/v1/services/{}/log?lines={}", api::percent_encode(name), kLines));
  return reply && reply->is_ok() ? reply->body : std::string();
}

void show_headline(Context& context, const Row& row, WallTime now) {
  const bool has_colour = context.has_colour(context.out);
  const std::string state(core::to_string(row.state));
  const std::string cause = row.cause.empty() ? "" : ": " + printable(row.cause);
  context.out.print("{} is {}{}\n", row.name, has_colour ? coloured(state, colour_of(row.state)) : state, cause);
  context.out.print("  since      {} ({} ago)\n", date_text(row.since), age_text(now - row.since));
  if (row.pid) context.out.print("  pid        {}\n", *row.pid);
  if (row.exit) context.out.print("  last exit  {}\n", to_string(*row.exit));
  if (row.state == core::State::backoff && row.next) {
    const auto left = std::max(*row.next - now, WallTime::duration::zero());
    context.out.print("  next try   in {:.1f}s\n", std::chrono::duration<double>(left).count());
  } else if (row.state == core::State::failed || row.state == core::State::exited) {
    context.out.print("  next try   none; try again with: foster start {}\n", row.name);
  }
  if (row.restarts > 0) context.out.print("  restarts   {}\n", row.restarts);
  if (!row.status.empty()) context.out.print("  it says    {}\n", printable(row.status));
  if (!row.log.empty()) context.out.print("  log        {}\n", row.log);
  if (!row.log_trouble.empty()) context.out.print("             cannot be written: {}\n", printable(row.log_trouble));
  if (row.dropped_bytes > 0) {
    context.out.print("             {} bytes of output were dropped since it could not be written\n",
                      row.dropped_bytes);
  }
}

void show_history(Context& context, const std::vector<HistoryRow>& events) {
  if (events.empty()) return;
  context.out.write("  what happened\n");
  for (const HistoryRow& event : events) {
    const std::string run = event.run ? fmt::format(" (run {})", *event.run) : "";
    const std::string cause = event.cause.empty() ? "" : ": " + printable(event.cause);
    context.out.print("    {}  {}{}{}\n", clock_text(event.time), core::to_string(event.to), cause, run);
  }
}

void show_output(Context& context, std::string_view output) {
  if (output.empty()) return;
  context.out.write("  last output\n");
  while (!output.empty()) {
    const auto end = output.find('\n');
    context.out.print("    | {}\n", printable(output.substr(0, end)));
    output = end == std::string_view::npos ? std::string_view{} : output.substr(end + 1);
  }
}

}  // namespace

ExitCode why(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::vector<std::string> names;
  options.operands(names, "NAME");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (names.empty()) {
    context.complain("why what? foster why NAME");
    return ExitCode::usage;
  }
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  const auto reply = ask_or_complain(context, *target, {.target = with_names("/v1/services", names)});
  if (!reply) return reply.error();
  const auto rows = read_rows(reply->body);
  if (!rows) return complain_about(context, *reply);
  const Client client(target->directories);
  std::vector<std::string> json;
  bool is_first = true;
  for (const Row& row : *rows) {
    if (context.wants_json) {
      const auto events =
          client.get(fmt::format("/v1/services/{}/history?n={}", api::percent_encode(row.name), kEvents));
      if (events && events->is_ok())
        json.push_back(fmt::format("{{\"name\":\"{}\",\"history\":{}}}", row.name, events->body));
      continue;
    }
    if (!std::exchange(is_first, false)) context.out.write("\n");
    show_headline(context, row, sys::wall_now());
    show_history(context, history_of(client, row.name));
    show_output(context, last_output(client, row.name));
  }
  if (context.wants_json) context.out.print("{{\"why\":[{}]}}\n", fmt::join(json, ","));
  return ExitCode::done;
}

}  // namespace foster::cli::commands
