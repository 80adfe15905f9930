#include "cli/why_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "cli/history_page.hpp"
#include "cli/render.hpp"

namespace foster::cli {
namespace {

double seconds_left(const Row& row, WallTime now) {
  return std::chrono::duration<double>(std::max(*row.next - now, WallTime::duration::zero())).count();
}

template <class... Arguments>
void add(std::string& text, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  text += fmt::format(format, std::forward<Arguments>(arguments)...);
}

void add_headline(std::string& text, const Row& row, WallTime now, bool has_colour) {
  const std::string state(core::to_string(row.state));
  const std::string cause = row.cause.empty() ? "" : ": " + printable(row.cause);
  add(text, "{} is {}{}\n", row.name, has_colour ? coloured(state, colour_of(row.state)) : state, cause);
  add(text, "  since      {} ({} ago)\n", date_text(row.since), age_text(now - row.since));
  if (row.pid) add(text, "  pid        {}\n", *row.pid);
  if (row.exit) add(text, "  last exit  {}\n", to_string(*row.exit));
  if (row.state == core::State::backoff && row.next) {
    add(text, "  next try   in {:.1f}s\n", seconds_left(row, now));
  } else if (row.state == core::State::failed || row.state == core::State::exited) {
    add(text, "  next try   none; try again with: foster start {}\n", row.name);
  }
  if (row.restarts > 0) add(text, "  restarts   {}\n", row.restarts);
  if (!row.status.empty()) add(text, "  it says    {}\n", printable(row.status));
  if (!row.log.empty()) add(text, "  log        {}\n", row.log);
  if (!row.stderr_log.empty()) add(text, "  stderr     {}\n", row.stderr_log);
  if (!row.log_trouble.empty()) add(text, "             cannot be written: {}\n", printable(row.log_trouble));
  if (row.dropped_bytes > 0) {
    add(text, "             {} bytes of output were dropped since it could not be written\n", row.dropped_bytes);
  }
}

void add_history(std::string& text, const std::vector<HistoryRow>& events) {
  if (events.empty()) return;
  text += "  what happened\n";
  for (const HistoryRow& event : events) {
    const std::string run = event.run ? fmt::format(" (run {})", *event.run) : "";
    const std::string cause = event.cause.empty() ? "" : ": " + printable(event.cause);
    add(text, "    {}  {}{}{}\n", clock_text(event.time), core::to_string(event.to), cause, run);
    if (event.use) add(text, "                  {}\n", use_text(*event.use));
  }
}

void add_output(std::string& text, std::string_view output) {
  if (output.empty()) return;
  text += "  last output\n";
  while (!output.empty()) {
    const auto end = output.find('\n');
    add(text, "    | {}\n", printable(output.substr(0, end)));
    output = end == std::string_view::npos ? std::string_view{} : output.substr(end + 1);
  }
}

}  // namespace

std::string reason_text(const Row& row, WallTime now) {
  std::string text = row.cause;
  if (row.state == core::State::backoff && row.next) add(text, "; next try in {:.1f}s", seconds_left(row, now));
  const auto add_more = [&text](const std::string& more) { text += (text.empty() ? "" : "; ") + more; };
  if (!row.status.empty()) add_more(row.status);
  if (!row.log_trouble.empty()) add_more("its log cannot be written: " + row.log_trouble);
  if (row.dropped_bytes > 0) add_more(fmt::format("{} of its output were dropped", size_text(row.dropped_bytes)));
  return text;
}

std::string why_page(const Row& row, const std::vector<HistoryRow>& events, std::string_view output, WallTime now,
                     bool has_colour) {
  std::string text;
  add_headline(text, row, now, has_colour);
  add_history(text, events);
  add_output(text, output);
  return text;
}

}  // namespace foster::cli
