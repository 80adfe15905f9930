#include "api/target.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/session.hpp"
#include "cli/why_page.hpp"
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
    context.out.write(why_page(row, history_of(client, row.name), last_output(client, row.name), sys::wall_now(),
                               context.has_colour(context.out)));
  }
  if (context.wants_json) context.out.print("{{\"why\":[{}]}}\n", fmt::join(json, ","));
  return ExitCode::done;
}

}  // namespace foster::cli::commands
