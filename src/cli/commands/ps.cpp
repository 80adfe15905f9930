#include <algorithm>
#include <cerrno>
#include <chrono>

#include "api/json_codec.hpp"
#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/render.hpp"
#include "cli/session.hpp"
#include "cli/why_page.hpp"
#include "core/glob.hpp"
#include "supervisor/remains.hpp"
#include "sys/clock.hpp"

namespace foster::cli::commands {
namespace {

// What one foster answered.
struct Listing {
  std::string foster;
  std::vector<Row> rows;
};

bool is_alive(const Row& row) {
  return core::may_be_alive(row.state);
}

std::vector<Cell> cells_of(const Row& row, WallTime now) {
  return {{.text = row.name},
          {.text = std::string(core::to_string(row.state)), .colour = colour_of(row.state)},
          {.text = row.pid ? std::to_string(*row.pid) : "-"},
          {.text = row.is_ready    ? "yes"
                   : is_alive(row) ? "no"
                                   : "-"},
          {.text = is_alive(row) ? age_text(now - row.since) : "-"},
          {.text = std::to_string(row.restarts)},
          {.text = row.cpu ? cpu_text(*row.cpu) : "-"},
          {.text = row.memory ? size_text(*row.memory) : "-"},
          {.text = reason_text(row, now)}};
}

std::string table_of(const std::vector<Listing>& listings, bool shows_foster, const TableStyle& style) {
  using Align = Table::Align;
  std::vector<Table::Column> columns{{"NAME"},
                                     {"STATE"},
                                     {"PID", Align::right},
                                     {"READY"},
                                     {"UPTIME", Align::right},
                                     {"RESTARTS", Align::right},
                                     {"CPU", Align::right},
                                     {"MEMORY", Align::right},
                                     {"WHY"}};
  if (shows_foster) columns.insert(columns.begin(), {"FOSTER"});
  Table table(std::move(columns));
  const WallTime now = sys::wall_now();
  for (const Listing& listing : listings) {
    for (const Row& row : listing.rows) {
      auto cells = cells_of(row, now);
      if (shows_foster) cells.insert(cells.begin(), {.text = listing.foster});
      table.add(std::move(cells));
    }
  }
  return table.render(style);
}

TableStyle style_for(const Context& context) {
  const bool is_terminal = context.out.is_terminal();
  return {.has_colour = context.has_colour(context.out),
          .width = is_terminal ? terminal_width(STDOUT_FILENO) : std::nullopt};
}

/// What the supervisor would have said, as far as it is written down.
Result<Reply> answer_of_ledger(Context& context, const Target& target, const std::vector<std::string>& names) {
  auto remains = supervisor::read_remains(target.directories);
  if (!remains) return Failure(remains.error());
  context.complain(
      "{} does not answer: its supervisor does not stay up, and was started {} times; this is what its ledger says",
      target.name, remains->recoveries);
  std::erase_if(remains->rows, [&](const api::InstanceRow& row) {
    return !names.empty() && std::ranges::none_of(names, [&](const std::string& name) {
      return core::matches_glob(name, row.view.name) || core::matches_glob(name, row.view.service);
    });
  });
  return Reply{.status = 200, .body = api::encode(remains->rows)};
}

ExitCode show_one(Context& context, const std::vector<std::string>& names) {
  const auto target = target_or_complain(context);
  if (!target) return target.error();
  auto reply = Client(target->directories).get(with_names("/v1/services", names));
  if (!reply && reply.error().code == EHOSTDOWN) reply = answer_of_ledger(context, *target, names);
  if (!reply) return complain_about(context, *target, reply.error());
  if (!reply->is_ok()) return complain_about(context, *reply);
  // Without names, programs get the answer as it is: nothing has to be read here.
  if (context.wants_json) context.out.print("{}\n", reply->body);
  if (context.wants_json && names.empty()) return ExitCode::done;
  auto rows = read_rows(reply->body);
  if (!rows) return complain_about(context, *reply);
  const bool all_run = std::ranges::all_of(*rows, [](const Row& row) { return row.state == core::State::running; });
  if (!context.wants_json) {
    if (rows->empty()) {
      context.out.print("{} runs no services; start some with: foster up, or: foster run -- COMMAND\n", target->name);
      return ExitCode::done;
    }
    context.out.write(table_of({{target->name, std::move(*rows)}}, false, style_for(context)));
  }
  return names.empty() || all_run ? ExitCode::done : ExitCode::not_running;
}

ExitCode show_all(Context& context, const std::vector<std::string>& names) {
  std::vector<Listing> listings;
  std::vector<std::string> json;
  bool all_run = true;
  for (const std::string& name : running_instances()) {
    const auto target = find_target({.name = name});
    if (!target) continue;
    // One that goes down in this moment, or has no such service, is no reason to hide the others.
    const auto reply = Client(target->directories).get(with_names("/v1/services", names));
    auto rows = reply ? read_rows(reply->body) : std::nullopt;
    if (!rows) continue;
    for (const Row& row : *rows) all_run = all_run && row.state == core::State::running;
    std::ranges::move(rows_with_foster(reply->body, name), std::back_inserter(json));
    listings.push_back({.foster = name, .rows = std::move(*rows)});
  }
  if (context.wants_json) {
    context.out.print("{{\"services\":[{}]}}\n", fmt::join(json, ","));
  } else if (!listings.empty()) {
    context.out.write(table_of(listings, true, style_for(context)));
  } else if (names.empty()) {
    context.out.write("no foster is running\n");
  }
  if (names.empty()) return ExitCode::done;
  if (json.empty()) {
    context.complain("no service of any foster matches");
    return ExitCode::no_such_service;
  }
  return all_run ? ExitCode::done : ExitCode::not_running;
}

}  // namespace

ExitCode ps(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::vector<std::string> names;
  bool all = false;
  options.operands(names, "NAME");
  options.flag("-a,--all", all, "Services of every foster of this user");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  return all ? show_all(context, names) : show_one(context, names);
}

}  // namespace foster::cli::commands
