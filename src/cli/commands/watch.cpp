#include <poll.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "cli/change_printer.hpp"
#include "cli/commands/commands.hpp"
#include "cli/interruption.hpp"
#include "cli/options.hpp"
#include "cli/process_query.hpp"
#include "insight/follower.hpp"
#include "sys/clock.hpp"
#include "sys/proc_connector.hpp"

namespace foster::cli::commands {
namespace {

constexpr std::uint64_t kDefaultMilliseconds = 10;
constexpr std::uint64_t kLongestMilliseconds = 60'000;
constexpr TableDetail kDetail{.arguments = true, .user = false};

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

/// How many, and how it is told.
void introduce(Context& context, std::size_t count, std::string_view how) {
  context.err.print("watching {} process{}, {}\n", count, count == 1 ? "" : "es", how);
  context.err.flush();
}

/// Looks again and again, until nobody is left, or nobody reads.
ExitCode follow_by_looks(Context& context, const insight::View& view, const std::vector<Pid>& tops, int pause) {
  auto known = insight::below(view.table(), tops, {});
  introduce(context, known.size(), fmt::format("every {} ms; what is quicker than that is not seen", pause));
  while (!known.empty() && !context.out.is_broken()) {
    (void)::poll(nullptr, 0, pause);
    const auto table = read_process_table(kDetail);
    if (!table) {
      context.complain("cannot look at the processes: {}", to_string(table.error()));
      return ExitCode::failed;
    }
    auto now = insight::below(*table, tops, known);
    for (const insight::Change& change : insight::changes_between(known, now)) {
      print_change(context, change, sys::wall_now());
    }
    context.out.flush();
    known = std::move(now);
  }
  return ExitCode::done;
}

/// The same by the kernel's own events.
class EventWatch {
 public:
  EventWatch(Context& context, sys::ProcConnector connector, Interruption interruption, std::vector<Pid> tops)
      : context_(context),
        connector_(std::move(connector)),
        interruption_(std::move(interruption)),
        follower_(std::move(tops), [](Pid pid) { return read_process(pid, kDetail); }) {}

  /// Until nobody is left, nobody reads, or somebody wants an end: that is the value then.
  Result<std::optional<Signal>> follow() {
    if (auto looked = look(Telling::nothing); !looked) return Failure(looked.error());
    introduce(context_, follower_.known().size(), "told by the kernel of each event");
    while (!follower_.known().empty() && !context_.out.is_broken()) {
      std::array<pollfd, 3> ready{pollfd{connector_.fd().get(), POLLIN, 0}, pollfd{interruption_.fd().get(), POLLIN, 0},
                                  pollfd{STDOUT_FILENO, 0, 0}};  // a reader that has gone shows by itself
      (void)::poll(ready.data(), ready.size(), -1);
      if (const auto signal = interruption_.came()) return signal;
      if (auto taken = take(); !taken) return Failure(taken.error());
      context_.out.flush();
      if ((ready.back().revents & (POLLERR | POLLNVAL)) != 0) break;
    }
    return std::optional<Signal>();
  }

 private:
  enum class Telling : bool { nothing, changes };

  Result<> take() {
    const auto news = connector_.read();
    if (!news) return Failure(news.error());
    for (const sys::ProcessEvent& event : news->events) {
      for (const insight::Change& change : follower_.hear(event)) {
        print_change(context_, change, sys::wall_time_of(event.time));
      }
    }
    if (news->completeness == sys::ConnectorNews::Completeness::complete) return {};
    print_gap(context_, sys::wall_now());
    return look(Telling::changes);
  }

  Result<> look(Telling telling) {
    const auto begun = sys::monotonic_now();
    const auto table = read_process_table(kDetail);
    if (!table) return Failure(table.error());
    for (const insight::Change& change : follower_.look_anew(*table, begun)) {
      if (telling == Telling::changes) print_change(context_, change, sys::wall_now());
    }
    return {};
  }

  Context& context_;
  sys::ProcConnector connector_;
  Interruption interruption_;
  insight::Follower follower_;
};

/// Empty when there are no events to be had here.
std::optional<ExitCode> follow_by_events(Context& context, const std::vector<Pid>& tops) {
  auto connector = sys::ProcConnector::open();
  if (!connector) return std::nullopt;
  auto interruption = Interruption::open();
  if (!interruption) return std::nullopt;
  // Gone before the signal acts: older kernels must be told.
  const auto ended = EventWatch(context, std::move(*connector), std::move(*interruption), tops).follow();
  if (!ended) {
    context.complain("cannot watch: {}", to_string(ended.error()));
    return ExitCode::failed;
  }
  context.out.flush();
  if (*ended) Interruption::act(**ended);
  return ExitCode::done;
}

}  // namespace

ExitCode watch(Context& context, const Command& command, Arguments arguments) {
  OptionSet options(context, command);
  std::vector<std::string> words;
  std::optional<std::uint64_t> milliseconds;
  options.operands(words, "PID|NAME");
  options.number("--every", milliseconds, "Look every N milliseconds, without the kernel's events (10)");
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
  if (!milliseconds) {
    if (const auto code = follow_by_events(context, tops)) return *code;
  }
  return follow_by_looks(context, *view, tops, static_cast<int>(pause));
}

}  // namespace foster::cli::commands
