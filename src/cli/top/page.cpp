#include "cli/top/page.hpp"

#include <algorithm>

#include "cli/render.hpp"
#include "config/utf8.hpp"

namespace foster::cli::top {
namespace {

// A line without end is shown in parts of this size.
constexpr std::size_t kLongestLine = 4'096;
constexpr std::size_t kTab = 8;

std::string without_tabs(std::string_view line) {
  std::string text;
  for (const char byte : line) {
    if (byte == '\t') {
      text.append(kTab - text.size() % kTab, ' ');
    } else {
      text += byte;
    }
  }
  return text;
}

void break_line(const std::string& line, std::size_t columns, std::vector<std::string>& out) {
  const std::string text = printable(without_tabs(line));
  std::string part;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto point = config::decode_utf8(text, at);
    const std::size_t width = config::display_width(point.value);
    if (used + width > columns && used > 0) {
      // Between words, unless that leaves most of the line empty.
      const auto blank = part.find_last_of(' ');
      std::string next;
      if (blank != std::string::npos && blank >= columns / 2 && text[at] != ' ') next = part.substr(blank + 1);
      part.erase(part.size() - next.size());
      out.push_back(std::move(part));
      part = std::move(next);
      used = display_width(part);
    }
    part.append(text, at, point.length);
    used += width;
    at += point.length;
  }
  out.push_back(std::move(part));
}

}  // namespace

void Page::append(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (!is_open_) lines_.emplace_back();
    lines_.back() += text.substr(0, end);
    is_open_ = end == std::string_view::npos && lines_.back().size() < kLongestLine;
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  while (lines_.size() > kMostLines) lines_.pop_front();
}

void Page::clear() {
  lines_.clear();
  is_open_ = false;
}

void Page::set_size(std::size_t rows, std::size_t columns) {
  rows_ = rows;
  columns_ = std::max<std::size_t>(columns, 1);
}

std::vector<std::string> Page::broken() const {
  std::vector<std::string> lines;
  for (const std::string& line : lines_) break_line(line, columns_, lines);
  return lines;
}

void Page::move(std::ptrdiff_t rows) {
  const std::size_t count = broken().size();
  const std::size_t last = count > rows_ ? count - rows_ : 0;
  const auto place = static_cast<std::ptrdiff_t>(follows_ ? last : std::min(first_, last)) + rows;
  first_ = static_cast<std::size_t>(std::max<std::ptrdiff_t>(place, 0));
  // Who only reads a page to its end does not follow anything by that: moving back works the same.
  follows_ = first_ >= last && rows > 0;
  first_ = std::min(first_, last);
}

void Page::move_to_top() {
  first_ = 0;
  follows_ = false;
}

std::vector<std::string> Page::shown() const {
  std::vector<std::string> lines = broken();
  const std::size_t last = lines.size() > rows_ ? lines.size() - rows_ : 0;
  const std::size_t begin = follows_ ? last : std::min(first_, last);
  lines.erase(lines.begin(), lines.begin() + static_cast<std::ptrdiff_t>(begin));
  if (lines.size() > rows_) lines.resize(rows_);
  return lines;
}

}  // namespace foster::cli::top
