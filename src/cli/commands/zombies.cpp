#include <poll.h>

#include <algorithm>
#include <chrono>
#include <expected>

#include "cli/commands/commands.hpp"
#include "cli/options.hpp"
#include "cli/process_query.hpp"
#include "cli/render.hpp"
#include "insight/pid_limits.hpp"
#include "insight/zombies.hpp"

namespace foster::cli::commands {
namespace {

using insight::Debtor;

constexpr std::chrono::milliseconds kNudgePatience{2000};
constexpr std::uint64_t kLongestTrend = 3600;
constexpr std::size_t kShownPids = 12;
constexpr int kDeepest = 100'000;

/// How many there were, and how many a while later.
struct Trend {
  std::uint64_t seconds;
  std::size_t before;
};

std::size_t count_zombies(const std::vector<Debtor>& debtors) {
  std::size_t count = 0;
  for (const Debtor& debtor : debtors) count += debtor.zombies.size();
  return count;
}

std::string service_text(const insight::View& view, const Process* process) {
  const insight::Service* service = process != nullptr ? view.service_of(*process) : nullptr;
  return service != nullptr ? service->instance : std::string();
}

void write_zombie(api::JsonWriter& json, const insight::View& view, const Debtor& debtor, const Process& zombie) {
  json.begin_object();
  json.key("pid").number(zombie.pid.number());
  json.key("ppid");
  zombie.parent ? json.number(zombie.parent->number()) : json.null();
  json.key("parent").string_or_null(debtor.parent != nullptr ? debtor.parent->name : std::string());
  const std::string own = service_text(view, &zombie);
  json.key("service").string_or_null(own.empty() ? service_text(view, debtor.parent) : own);
  json.key("name").string(zombie.name);
  json.key("seconds_at_most").number(std::chrono::floor<std::chrono::seconds>(age_of(zombie)).count());
  json.key("parent_sigchld").string(to_string(debtor.on_child));
  json.key("advice").string(debtor.advice);
  json.end_object();
}

void write_json(Context& context, const insight::View& view, const std::vector<Debtor>& debtors,
                const std::optional<Trend>& trend, const std::optional<std::vector<insight::Nudge>>& nudges) {
  api::JsonWriter json;
  json.begin_object().key("zombies").begin_array();
  for (const Debtor& debtor : debtors) {
    for (const Process* zombie : debtor.zombies) write_zombie(json, view, debtor, *zombie);
  }
  const auto limits = insight::read_pid_limits(view.table());
  json.end_array().key("pid_limit");
  limits.empty() ? json.null() : json.number(limits.front().limit);
  json.key("pids_used");
  limits.empty() ? json.null() : json.number(limits.front().used);
  json.key("limits").begin_array();
  for (const auto& limit : limits) {
    json.begin_object().key("rule").string(limit.rule).key("limit").number(limit.limit);
    json.key("used").number(limit.used).end_object();
  }
  json.end_array().key("trend");
  if (trend) {
    json.begin_object().key("seconds").number(trend->seconds).key("before").number(trend->before);
    json.key("after").number(count_zombies(debtors)).end_object();
  } else {
    json.null();
  }
  if (nudges) {
    json.key("nudged").begin_array();
    for (const auto& nudge : *nudges) {
      json.begin_object().key("parent").number(nudge.parent.number()).key("before").number(nudge.zombies_before);
      json.key("left").number(nudge.zombies_left).key("problem").string_or_null(nudge.problem).end_object();
    }
    json.end_array();
  }
  context.out.print("{}\n", json.end_object().text());
}

void show_debtor(Context& context, const insight::View& view, const Debtor& debtor) {
  const bool has_colour = context.has_colour(context.out);
  const std::string who =
      debtor.parent != nullptr ? printable(insight::called(*debtor.parent)) : std::string("a parent outside");
  const std::string service = service_text(view, debtor.parent);
  std::string pids;
  for (std::size_t i = 0; i < std::min(debtor.zombies.size(), kShownPids); ++i) {
    pids += fmt::format(" {}", debtor.zombies[i]->pid.number());
  }
  if (debtor.zombies.size() > kShownPids) pids += " …";
  const auto oldest = std::ranges::max(debtor.zombies, {}, [](const Process* zombie) { return age_of(*zombie); });
  context.out.print("{}{}{}: {} zombie{}\n", has_colour ? coloured(who, Colour::bold) : who,
                    service.empty() ? "" : " of service ", service, debtor.zombies.size(),
                    debtor.zombies.size() == 1 ? "" : "s");
  context.out.print("  pids   {}\n", pids.substr(1));
  context.out.print("  since   at most {}; the kernel keeps the time of birth, not that of death\n",
                    age_text(age_of(*oldest)));
  context.out.print("  to do   {}\n", debtor.advice);
}

void show_text(Context& context, const insight::View& view, const std::vector<Debtor>& debtors,
               const std::optional<Trend>& trend) {
  if (debtors.empty()) context.out.write("no zombies\n");
  for (const Debtor& debtor : debtors) show_debtor(context, view, debtor);
  if (trend) {
    context.out.print("trend: {} zombies {} s ago, {} now\n", trend->before, trend->seconds, count_zombies(debtors));
  }
  const auto limits = insight::read_pid_limits(view.table());
  if (limits.empty()) return;
  context.out.print("pids: {} of {} in use, by {}\n", limits.front().used, limits.front().limit, limits.front().rule);
}

void show_nudges(Context& context, const std::vector<insight::Nudge>& nudges) {
  for (const auto& nudge : nudges) {
    if (!nudge.problem.empty()) {
      context.complain("no SIGCHLD for {}: {}", nudge.parent.number(), nudge.problem);
    } else if (nudge.zombies_left == 0) {
      context.out.print("nudged {}: it has waited for all {}\n", nudge.parent.number(), nudge.zombies_before);
    } else {
      context.out.print("nudged {}: {} of {} are still there, so it did not help\n", nudge.parent.number(),
                        nudge.zombies_left, nudge.zombies_before);
    }
  }
}

/// Leaves those whose parent is one of these processes, or below one.
void keep_below(std::vector<Debtor>& debtors, const insight::View& view, const std::vector<const Process*>& tops) {
  std::erase_if(debtors, [&](const Debtor& debtor) {
    const Process* at = debtor.parent;
    for (int depth = 0; at != nullptr && depth < kDeepest; at = view.table().parent_of(*at), ++depth) {
      if (std::ranges::find(tops, at) != tops.end()) return false;
    }
    return true;
  });
}

/// All, or those below the processes that a word means.
std::expected<std::vector<Debtor>, ExitCode> debtors_or_complain(Context& context, const insight::View& view,
                                                                 const std::optional<std::string>& who) {
  auto debtors = insight::find_debtors(view);
  if (!who) return debtors;
  const auto tops = find_processes(view, *who, foster_meant(context));
  if (tops.empty()) {
    context.complain("no process, service or program is called {}", *who);
    return std::unexpected(ExitCode::no_such_service);
  }
  keep_below(debtors, view, tops);
  return debtors;
}

}  // namespace

ExitCode zombies(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  bool wants_nudge = false;
  std::optional<std::uint64_t> seconds;
  std::optional<std::string> who;
  options.operand(who, "PID|NAME");
  options.flag("--nudge", wants_nudge, "Send SIGCHLD to their parents, and tell whether it helped");
  options.number("--trend", seconds, "Count again N seconds later (at most 3600)");
  options.json();
  if (const auto code = options.parse(arguments)) return *code;
  if (seconds.value_or(1) == 0 || seconds.value_or(1) > kLongestTrend) {
    context.complain("--trend is 1 to {} seconds", kLongestTrend);
    return ExitCode::usage;
  }
  auto view = look_or_complain(context);
  if (!view) return view.error();
  std::optional<Trend> trend;
  if (seconds) {
    const auto before = debtors_or_complain(context, *view, who);
    if (!before) return before.error();
    trend = {.seconds = *seconds, .before = count_zombies(*before)};
    (void)::poll(nullptr, 0, static_cast<int>(*seconds * 1000));
    if (view = look_or_complain(context); !view) return view.error();
  }
  const auto debtors = debtors_or_complain(context, *view, who);
  if (!debtors) return debtors.error();
  std::optional<std::vector<insight::Nudge>> nudges;
  if (wants_nudge) nudges = insight::nudge(*debtors, kNudgePatience);
  if (context.wants_json) {
    write_json(context, *view, *debtors, trend, nudges);
  } else {
    show_text(context, *view, *debtors, trend);
    if (nudges) show_nudges(context, *nudges);
  }
  const bool helped =
      !nudges || std::ranges::all_of(*nudges, [](const insight::Nudge& nudge) { return nudge.zombies_left == 0; });
  return helped ? ExitCode::done : ExitCode::failed;
}

}  // namespace foster::cli::commands
