#include "config/diagnostic.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "config/utf8.hpp"

namespace foster::config {

namespace {

// A longer line is cut around the caret; nobody reads more, and a thousand findings on one long line
// must not cost a thousand copies of it.
constexpr std::size_t kMaxShownCodePoints = 160;
constexpr std::size_t kShownBeforeCaret = 80;

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[1;33m";
constexpr std::string_view kGreen = "\x1b[1;32m";
constexpr std::string_view kCyan = "\x1b[36m";
constexpr std::string_view kPlain = "\x1b[0m";

std::string painted(std::string_view text, std::string_view escape, const RenderOptions& options) {
  return options.colour ? fmt::format("{}{}{}", escape, text, kPlain) : std::string(text);
}

// What may go to a terminal: control characters would let a config write escapes there.
std::string printable(std::string_view text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (point.value == U'\t') {
      shown += '\t';
    } else if (!point.valid || is_control(point.value)) {
      shown += "\xEF\xBF\xBD";
    } else {
      shown += text.substr(at, point.length);
    }
    at += point.length;
  }
  return shown;
}

// White space as wide as the first `count` code points of the line; tabs stay tabs.
std::string indent_below(std::string_view line, unsigned count) {
  std::string indent;
  std::size_t at = 0;
  for (unsigned n = 0; n < count; ++n) {
    if (at >= line.size()) {
      indent += ' ';
      continue;
    }
    const CodePoint point = decode_utf8(line, at);
    indent += point.value == U'\t' ? std::string("\t") : std::string(display_width(point.value), ' ');
    at += point.length;
  }
  return indent;
}

void take_line(Diagnostic& diagnostic, std::string_view line) {
  const unsigned caret = diagnostic.column == 0 ? 0 : diagnostic.column - 1;
  const std::size_t total = code_points(line);
  if (total <= kMaxShownCodePoints) {
    diagnostic.source = printable(line);
    diagnostic.caret = caret;
    return;
  }
  const std::size_t first = caret > kShownBeforeCaret ? caret - kShownBeforeCaret : 0;
  const std::string_view tail = line.substr(byte_offset(line, first));
  const std::string_view shown = tail.substr(0, byte_offset(tail, kMaxShownCodePoints));
  const std::string_view before = first > 0 ? "…" : "";
  const std::string_view after = shown.size() < tail.size() ? "…" : "";
  diagnostic.source = fmt::format("{}{}{}", before, printable(shown), after);
  diagnostic.caret = static_cast<unsigned>(caret - first + (first > 0 ? 1 : 0));
}

std::string heading(const Diagnostic& diagnostic, const RenderOptions& options) {
  std::string place = diagnostic.file;
  if (diagnostic.line != 0) place += fmt::format(":{}:{}", diagnostic.line, diagnostic.column);
  const bool is_error = diagnostic.severity == Severity::error;
  std::string text;
  if (!place.empty()) text += painted(printable(place) + ":", kBold, options) + " ";
  text += painted(fmt::format("{}:", to_string(diagnostic.severity)), is_error ? kRed : kYellow, options) + " ";
  // Without a line to look at, the key says where.
  if (diagnostic.line == 0 && !diagnostic.key.empty()) text += printable(diagnostic.key) + ": ";
  return text + printable(diagnostic.message) + "\n";
}

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
  }
  return "";
}

std::string render(const Diagnostic& diagnostic, const RenderOptions& options) {
  std::string text = heading(diagnostic, options);
  if (diagnostic.line != 0) {
    const std::string number = fmt::format("{:>5}", diagnostic.line);
    text += fmt::format("{} | {}\n", number, diagnostic.source);
    text += fmt::format("{} | {}{}\n", std::string(number.size(), ' '),
                        indent_below(diagnostic.source, diagnostic.caret), painted("^", kGreen, options));
  }
  if (!diagnostic.hint.empty()) {
    text += fmt::format("{}{}\n", diagnostic.line == 0 ? "  " : "      = ",
                        painted(fmt::format("hint: {}", printable(diagnostic.hint)), kCyan, options));
  }
  return text;
}

std::string render(const std::vector<Diagnostic>& diagnostics, const RenderOptions& options) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!text.empty()) text += "\n";
    text += render(diagnostic, options);
  }
  return text;
}

void attach_source(std::vector<Diagnostic>& diagnostics, std::string_view text) {
  std::vector<Diagnostic*> by_line;
  for (Diagnostic& diagnostic : diagnostics) {
    if (diagnostic.line != 0) by_line.push_back(&diagnostic);
  }
  std::ranges::stable_sort(by_line, {}, &Diagnostic::line);
  unsigned number = 1;
  std::size_t begin = text.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  for (Diagnostic* diagnostic : by_line) {
    for (; number < diagnostic->line && begin < text.size(); ++number) {
      const std::size_t newline = text.find('\n', begin);
      begin = newline == std::string_view::npos ? text.size() : newline + 1;
    }
    std::string_view line = text.substr(begin);
    line = line.substr(0, line.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    take_line(*diagnostic, line);
  }
}

void sort_by_position(std::vector<Diagnostic>& diagnostics) {
  std::ranges::stable_sort(diagnostics, [](const Diagnostic& left, const Diagnostic& right) {
    return Position{left.line, left.column} < Position{right.line, right.column};
  });
}

}  // namespace foster::config
