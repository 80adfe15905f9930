#include "cli/top/grid.hpp"

#include <algorithm>

#include "config/utf8.hpp"

namespace foster::cli::top {
namespace {

// A heap of combining marks on one character is somebody's joke, and would make a cell as long as he likes.
constexpr std::size_t kLongestCell = 24;

}  // namespace

std::size_t Grid::put(std::size_t row, std::size_t column, std::string_view text, Style style, std::size_t end) {
  end = std::min(end, size_.columns);
  if (row >= size_.rows) return column;
  const std::size_t begin = column;
  const std::string clean = printable(text);
  for (std::size_t at = 0; at < clean.size();) {
    const auto point = config::decode_utf8(clean, at);
    const std::string_view bytes = std::string_view(clean).substr(at, point.length);
    const std::size_t width = config::display_width(point.value);
    at += point.length;
    if (width == 0) {
      // It joins the character before it, which is one column back, or two for a wide one.
      std::size_t before = column;
      while (before > begin && cells_[row * size_.columns + before - 1].text.empty()) --before;
      if (before == begin) continue;
      Cell& cell = cells_[row * size_.columns + before - 1];
      if (cell.text.size() + bytes.size() <= kLongestCell) cell.text += bytes;
      continue;
    }
    if (column + width > end) break;
    cells_[row * size_.columns + column] = {.text = std::string(bytes), .style = style};
    if (width == 2) cells_[row * size_.columns + column + 1] = {.text = {}, .style = style};
    column += width;
  }
  return column;
}

void Grid::paint_row(std::size_t row, Style style) {
  if (row >= size_.rows) return;
  for (std::size_t column = 0; column < size_.columns; ++column) cells_[row * size_.columns + column].style = style;
}

std::string Grid::line(std::size_t row) const {
  std::string text;
  for (std::size_t column = 0; column < size_.columns; ++column) text += at(row, column).text;
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace foster::cli::top
