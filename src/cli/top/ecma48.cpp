#include "cli/top/ecma48.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <utility>

namespace foster::cli::top {
namespace {

// To repeat so many cells that have not changed is shorter than to move the cursor over them.
constexpr std::size_t kShortGap = 5;

std::string_view number_of(Colour colour) {
  switch (colour) {
    case Colour::grey:
      return ";90";
    case Colour::red:
      return ";31";
    case Colour::green:
      return ";32";
    case Colour::yellow:
      return ";33";
    case Colour::none:
    case Colour::bold:
      break;
  }
  return "";
}

bool is_ascii(std::string_view cell) {
  return cell.size() == 1;
}

// The characters that a screen is drawn with have a stand-in each; others are "?", twice for a wide one.
std::string_view in_ascii(std::string_view cell) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kStandIns{{{"…", "~"},
                                                                                     {"·", "-"},
                                                                                     {"▁", "."},
                                                                                     {"▂", ":"},
                                                                                     {"▃", "-"},
                                                                                     {"▄", "="},
                                                                                     {"▅", "+"},
                                                                                     {"▆", "*"},
                                                                                     {"▇", "#"},
                                                                                     {"█", "@"},
                                                                                     {"✓", "*"}}};
  for (const auto& [glyph, stand_in] : kStandIns) {
    if (cell == glyph) return stand_in;
  }
  return is_ascii(cell) ? cell : "?";
}

class Painter {
 public:
  Painter(const Grid* shown, const Grid& wanted, Ink ink) : shown_(shown), wanted_(wanted), ink_(ink) {}

  std::string paint() {
    if (shown_ == nullptr || shown_->size() != wanted_.size()) {
      shown_ = nullptr;
      bytes_ = "\x1b[0m\x1b[2J";
      style_ = Style{};
    }
    for (std::size_t row = 0; row < wanted_.size().rows; ++row) paint_row(row);
    if (style_ && *style_ != Style{}) bytes_ += "\x1b[0m";
    return std::move(bytes_);
  }

 private:
  [[nodiscard]] bool has_changed(std::size_t row, std::size_t column) const {
    static const Grid::Cell kBlank;
    return wanted_.at(row, column) != (shown_ != nullptr ? shown_->at(row, column) : kBlank);
  }

  void paint_row(std::size_t row) {
    const std::size_t columns = wanted_.size().columns;
    // The blank end of a row is erased at once.
    std::size_t end = columns;
    while (end > 0 && wanted_.at(row, end - 1) == Grid::Cell{}) --end;
    bool erases = false;
    for (std::size_t column = end; column < columns; ++column) erases = erases || has_changed(row, column);
    for (std::size_t column = 0; column < end; ++column) {
      if (!has_changed(row, column)) continue;
      // Half of a wide character is never written alone.
      while (column > 0 && wanted_.at(row, column).text.empty()) --column;
      move_to(row, column);
      std::size_t last = column;
      for (std::size_t next = column; next < end && next <= last + kShortGap; ++next) {
        if (has_changed(row, next)) last = next;
      }
      while (last + 1 < end && wanted_.at(row, last + 1).text.empty()) ++last;
      for (; column <= last; ++column) write(row, column);
      --column;
    }
    if (!erases) return;
    move_to(row, end);
    set_style({});
    bytes_ += "\x1b[K";
  }

  void move_to(std::size_t row, std::size_t column) {
    if (at_ && at_->row == row && at_->column == column) return;
    bytes_ += fmt::format("\x1b[{};{}H", row + 1, column + 1);
    at_ = Place{row, column};
  }

  void write(std::size_t row, std::size_t column) {
    const Grid::Cell& cell = wanted_.at(row, column);
    if (cell.text.empty() && ink_.has_utf8) return;  // written with its left half
    move_to(row, column);
    set_style(cell.style);
    bytes_ += ink_.has_utf8 ? std::string_view(cell.text) : in_ascii(cell.text);
    if (!ink_.has_utf8 || is_ascii(cell.text)) {
      ++at_->column;
    } else {
      at_.reset();  // terminals do not agree on how wide such a character is: what follows says where it goes
    }
  }

  void set_style(Style style) {
    if (!ink_.has_colour) style.colour = Colour::none;
    if (style_ == style) return;
    style_ = style;
    bytes_ +=
        fmt::format("\x1b[0{}{}{}m", style.is_bold ? ";1" : "", style.is_reversed ? ";7" : "", number_of(style.colour));
  }

  struct Place {
    std::size_t row;
    std::size_t column;
  };

  const Grid* shown_;
  const Grid& wanted_;
  Ink ink_;
  std::string bytes_;
  std::optional<Place> at_;     ///< Where the cursor is, when that is known.
  std::optional<Style> style_;  ///< What is set; empty: not known, as nothing was written yet.
};

}  // namespace

std::string paint(const Grid* shown, const Grid& wanted, Ink ink) {
  return Painter(shown, wanted, ink).paint();
}

std::string plain_text(const Grid& grid, Ink ink) {
  std::string text;
  for (std::size_t row = 0; row < grid.size().rows; ++row) {
    if (ink.has_utf8) {
      text += grid.line(row);
    } else {
      std::string line;
      for (std::size_t column = 0; column < grid.size().columns; ++column) line += in_ascii(grid.at(row, column).text);
      text += line.substr(0, line.find_last_not_of(' ') + 1);
    }
    text += '\n';
  }
  return text;
}

}  // namespace foster::cli::top
