#include "cli/render.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <ctime>

#include "config/utf8.hpp"

namespace foster::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m";
constexpr std::size_t kGap = 2;
// A column cut to less tells nothing any more.
constexpr std::size_t kLeastLastColumn = 10;

std::string_view escape_of(Colour colour) {
  switch (colour) {
    case Colour::none:
      return "";
    case Colour::bold:
      return "\x1b[1m";
    case Colour::grey:
      return "\x1b[90m";
    case Colour::red:
      return "\x1b[31m";
    case Colour::green:
      return "\x1b[32m";
    case Colour::yellow:
      return "\x1b[33m";
  }
  return "";
}

/// Nearly all text is: a byte a cell, and nothing to clean.
bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char byte) { return byte >= ' ' && byte <= '~'; });
}

std::tm local(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  (void)::localtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

Colour colour_of(core::State state) {
  switch (state) {
    case core::State::running:
      return Colour::green;
    case core::State::waiting:
    case core::State::starting:
    case core::State::stopping:
    case core::State::backoff:
      return Colour::yellow;
    case core::State::failed:
      return Colour::red;
    case core::State::stopped:
    case core::State::exited:
      return Colour::grey;
  }
  return Colour::none;
}

std::string coloured(std::string_view text, Colour colour) {
  if (colour == Colour::none || text.empty()) return std::string(text);
  return fmt::format("{}{}{}", escape_of(colour), text, kReset);
}

std::string printable(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto point = config::decode_utf8(text, at);
    if (!point.valid) {
      clean += "\xEF\xBF\xBD";
    } else if (config::is_control(point.value)) {
      clean += ' ';
    } else {
      clean.append(text, at, point.length);
    }
    at += point.length;
  }
  return clean;
}

std::size_t display_width(std::string_view text) {
  if (is_plain(text)) return text.size();
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = config::decode_utf8(text, at);
    width += config::display_width(point.value);
    at += point.length;
  }
  return width;
}

std::string shortened(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string beginning;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = config::decode_utf8(text, at);
    const std::size_t cells = config::display_width(point.value);
    if (used + cells + 1 > width) break;
    beginning.append(text, at, point.length);
    used += cells;
    at += point.length;
  }
  return beginning + "…";
}

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = printable(cell.text);
  row.resize(columns_.size());
  rows_.push_back(std::move(row));
}

std::string Table::render(const TableStyle& style) const {
  std::vector<std::size_t> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i].text));
  }
  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) before_last += widths[i] + kGap;
  const std::size_t room = style.width
                               ? std::max(*style.width > before_last ? *style.width - before_last : 0, kLeastLastColumn)
                               : std::string::npos;

  std::string text;
  const auto add_line = [&](const std::vector<Cell>& row) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const bool is_last = i + 1 == columns_.size();
      const Cell& cell = row[i];
      const std::string shown = is_last ? shortened(cell.text, room) : cell.text;
      const std::string blanks(widths[i] - std::min(widths[i], display_width(shown)), ' ');
      const std::string inked = style.has_colour ? coloured(shown, cell.colour) : shown;
      line += columns_[i].align == Align::right ? blanks + inked : inked + blanks;
      if (!is_last) line.append(kGap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.push_back({.text = column.title, .colour = Colour::bold});
  add_line(titles);
  for (const auto& row : rows_) add_line(row);
  return text;
}

std::string age_text(std::chrono::nanoseconds age) {
  const auto seconds = std::max<std::int64_t>(std::chrono::floor<std::chrono::seconds>(age).count(), 0);
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {}m", seconds / 3600, seconds % 3600 / 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds % 86'400 / 3600);
}

std::string size_text(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  const char* unit = "";
  for (const char* next : {"kB", "MB", "GB", "TB", "PB", "EB"}) {
    if (value < 999.95) break;
    value /= 1000;
    unit = next;
  }
  return fmt::format("{:.1f} {}", value, unit);
}

std::string cpu_text(double seconds) {
  if (seconds < 10) return fmt::format("{:.2f}s", seconds);
  if (seconds < 60) return fmt::format("{:.1f}s", seconds);
  return age_text(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

std::string clock_text(std::chrono::system_clock::time_point time) {
  const std::tm parts = local(time);
  const auto millis =
      std::chrono::floor<std::chrono::milliseconds>(time) - std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:02}:{:02}:{:02}.{:03}", parts.tm_hour, parts.tm_min, parts.tm_sec, millis.count());
}

std::string date_text(std::chrono::system_clock::time_point time) {
  const std::tm parts = local(time);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::optional<std::size_t> terminal_width(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

}  // namespace foster::cli
