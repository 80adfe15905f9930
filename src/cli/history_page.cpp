#include "cli/history_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/render.hpp"

namespace foster::cli {
namespace {

template <class... Arguments>
void add(std::string& text, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  text += fmt::format(format, std::forward<Arguments>(arguments)...);
}

std::string plural(std::size_t count, std::string_view word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::span<const HistoryRow> events_of(const std::vector<HistoryRow>& events, const RunOfHistory& run) {
  return std::span(events).subspan(run.first, run.count);
}

/// The transition that tells the end of a run; null: it goes on, or nobody saw it.
const HistoryRow* end_of(std::span<const HistoryRow> events) {
  // The exit of the run before is the cause of the start of this one.
  const auto end = std::ranges::find_if(
      events, [](const HistoryRow& event) { return event.exit.has_value() && event.cause_kind != "restart-due"; });
  return end != events.end() ? &*end : nullptr;
}

// "3 times exited with code 3, once killed by SIGKILL"; the most frequent first.
std::string endings_text(const std::vector<HistoryRow>& events, std::span<const RunOfHistory> runs) {
  std::vector<std::pair<std::string, std::size_t>> endings;
  for (const RunOfHistory& run : runs) {
    const HistoryRow* end = end_of(events_of(events, run));
    if (end == nullptr) continue;
    const std::string how = to_string(*end->exit);
    const auto found = std::ranges::find(endings, how, &std::pair<std::string, std::size_t>::first);
    if (found != endings.end()) {
      ++found->second;
    } else {
      endings.emplace_back(how, 1);
    }
  }
  std::ranges::stable_sort(endings, std::greater{}, &std::pair<std::string, std::size_t>::second);
  std::string text;
  for (const auto& [how, count] : endings) {
    add(text, "{}{}{}", text.empty() ? "" : ", ", how, count == 1 ? "" : fmt::format(" ({} times)", count));
  }
  return text;
}

void add_summary(std::string& text, const Row& row, const std::vector<HistoryRow>& events,
                 std::span<const RunOfHistory> runs, bool has_colour) {
  const std::string state(core::to_string(row.state));
  add(text, "{} is {}{}\n", row.name, has_colour ? coloured(state, colour_of(row.state)) : state,
      row.cause.empty() ? "" : ": " + printable(row.cause));
  std::size_t count = 0;
  const HistoryRow* begin = nullptr;
  for (const RunOfHistory& run : runs) {
    if (!run.run) continue;
    ++count;
    if (begin == nullptr) begin = &events[run.first];
  }
  if (begin == nullptr) {
    text += "nothing of a run is known\n";
    return;
  }
  const std::string endings = endings_text(events, runs);
  add(text, "{} since {}; {}\n", plural(count, "run"), date_text(begin->time),
      endings.empty() ? "none has ended" : "how they ended: " + endings);
}

void add_lines(std::string& text, std::string_view lines) {
  while (!lines.empty()) {
    const auto end = lines.find('\n');
    add(text, "      | {}\n", printable(lines.substr(0, end)));
    lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
  }
}

void add_run(std::string& text, std::span<const HistoryRow> events, const RunOfHistory& run) {
  const HistoryRow& first = events.front();
  const std::string name = run.run ? fmt::format("run {}", *run.run) : "before the first run";
  add(text, "\n{}, {}\n", name, date_text(first.time));
  const HistoryRow* end = end_of(events);
  for (const HistoryRow& event : events) {
    add(text, "  {}  {}{}\n", clock_text(event.time), core::to_string(event.to),
        event.cause.empty() ? "" : ": " + printable(event.cause));
    if (&event != end) continue;
    // Of a run whose beginning is no longer kept, nobody knows how long it was.
    const bool is_whole = first.to == core::State::starting;
    if (is_whole) add(text, "      ended after {}\n", age_text(event.time - first.time));
    if (event.use) add(text, "      {}\n", use_text(*event.use));
    add_lines(text, event.last_output);
  }
}

}  // namespace

std::vector<RunOfHistory> runs_of(const std::vector<HistoryRow>& events) {
  std::vector<RunOfHistory> runs;
  for (std::size_t n = 0; n < events.size(); ++n) {
    if (runs.empty() || runs.back().run != events[n].run) runs.push_back({.run = events[n].run, .first = n});
    ++runs.back().count;
  }
  return runs;
}

std::string use_text(const UseRow& use) {
  return fmt::format("used {} of CPU ({} of its own, {} in the kernel){}", cpu_text(use.user + use.system),
                     cpu_text(use.user), cpu_text(use.system),
                     use.memory ? fmt::format(", and {} of memory at most", size_text(*use.memory)) : std::string());
}

std::string history_page(const Row& row, const std::vector<HistoryRow>& events, std::span<const RunOfHistory> runs,
                         bool has_colour) {
  std::string text;
  add_summary(text, row, events, runs, has_colour);
  for (const RunOfHistory& run : runs) add_run(text, events_of(events, run), run);
  return text;
}

}  // namespace foster::cli
