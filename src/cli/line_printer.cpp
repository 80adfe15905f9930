#include "cli/line_printer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cli/render.hpp"

namespace foster::cli {
namespace {

// Six colours that are readable on black and on white; neighbours differ.
constexpr std::array<std::string_view, 6> kColours{"\x1b[36m", "\x1b[33m", "\x1b[32m",
                                                   "\x1b[35m", "\x1b[34m", "\x1b[31m"};
constexpr std::string_view kReset = "\x1b[0m";
// A line without end is shown in parts of this size.
constexpr std::size_t kLongestLine = 65'536;

}  // namespace

LinePrinter::Writer& LinePrinter::writer(std::string_view name) {
  const auto found = writers_.find(name);
  if (found != writers_.end()) return found->second;
  width_ = std::max(width_, display_width(name));
  return writers_.emplace(name, Writer{.number = writers_.size(), .partial = {}}).first->second;
}

void LinePrinter::expect(std::string_view name) {
  (void)writer(name);
}

void LinePrinter::take(std::string_view name, std::string_view bytes) {
  Writer& who = writer(name);
  while (!bytes.empty()) {
    const auto newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      who.partial += bytes;
      if (who.partial.size() >= kLongestLine) print_line(name, who, std::exchange(who.partial, {}));
      return;
    }
    if (who.partial.empty()) {
      print_line(name, who, bytes.substr(0, newline));
    } else {
      who.partial += bytes.substr(0, newline);
      print_line(name, who, std::exchange(who.partial, {}));
    }
    bytes.remove_prefix(newline + 1);
  }
}

void LinePrinter::say(std::string_view name, std::string_view text) {
  const Writer& who = writer(name);
  const std::string shown = printable(text);
  print_line(name, who, colours_ == Colours::on ? coloured(shown, Colour::grey) : shown);
}

void LinePrinter::finish() {
  for (auto& [name, who] : writers_) {
    if (!who.partial.empty()) print_line(name, who, std::exchange(who.partial, {}));
  }
  output_.flush();
}

void LinePrinter::print_line(std::string_view name, const Writer& who, std::string_view line) {
  const std::string blanks(width_ - display_width(name), ' ');
  if (colours_ == Colours::on) {
    output_.print("{}{}{} |{} {}\n", kColours[who.number % kColours.size()], name, blanks, kReset, line);
  } else {
    output_.print("{}{} | {}\n", name, blanks, line);
  }
}

}  // namespace foster::cli
