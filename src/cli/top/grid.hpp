// What a terminal screen shows, as cells in rows. A value: it knows of no terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/render.hpp"

namespace foster::cli::top {

struct Size {
  std::size_t rows = 0;
  std::size_t columns = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

struct Style {
  Colour colour = Colour::none;
  bool is_bold = false;
  bool is_reversed = false;
  friend bool operator==(const Style&, const Style&) = default;
};

class Grid {
 public:
  struct Cell {
    std::string text = " ";  ///< One character with what combines with it; empty: the right half of a wide one.
    Style style{};
    friend bool operator==(const Cell&, const Cell&) = default;
  };

  explicit Grid(Size size) : size_(size), cells_(size.rows * size.columns) {}

  [[nodiscard]] Size size() const { return size_; }
  [[nodiscard]] const Cell& at(std::size_t row, std::size_t column) const {
    return cells_[row * size_.columns + column];
  }

  /// Puts one line of anybody's text, cleaned of control characters. What does not fit before `end` or the end of
  /// the row is left out, a wide character never half. A row or column outside is no error.
  /// @return The column after it.
  std::size_t put(std::size_t row, std::size_t column, std::string_view text, Style style = {},
                  std::size_t end = std::string::npos);

  /// Gives a whole row another style.
  void paint_row(std::size_t row, Style style);

  /// The text of a row, without blanks at its end.
  [[nodiscard]] std::string line(std::size_t row) const;

  friend bool operator==(const Grid&, const Grid&) = default;

 private:
  Size size_;
  std::vector<Cell> cells_;
};

}  // namespace foster::cli::top
