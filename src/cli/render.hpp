// Text for people: tables, colours, ages and sizes. Widths are counted in terminal cells, and control characters of
// other people's text never reach the terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/state.hpp"

namespace foster::cli {

enum class Colour : std::uint8_t { none, bold, grey, red, green, yellow };

/// How a state is shown.
[[nodiscard]] Colour colour_of(core::State state);

/// `text` between the escapes for the colour.
[[nodiscard]] std::string coloured(std::string_view text, Colour colour);

/// One line without control characters; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

/// Terminal cells that printable text takes.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// The beginning of printable text that fits, with an ellipsis where something is missing.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t width);

struct Cell {
  std::string text;
  Colour colour = Colour::none;
};

struct TableStyle {
  bool has_colour = false;
  std::optional<std::size_t> width = {};  ///< The last column is cut to fit; empty: nothing is cut.
};

/// Columns as wide as their widest cell, two blanks apart; no blanks at the ends of lines.
class Table {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Column {
    std::string title;
    Align align = Align::left;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// A cell for each column.
  void add(std::vector<Cell> row);
  [[nodiscard]] std::string render(const TableStyle& style) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// "3s", "2m 5s", "3h 12m", "5d 3h".
[[nodiscard]] std::string age_text(std::chrono::nanoseconds age);
/// "640 B", "12.3 MB", decimal units.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
/// Processor time: "0.05s", "12.3s", "1h 5m".
[[nodiscard]] std::string cpu_text(double seconds);
/// Local time of day, with milliseconds: "09:30:00.250".
[[nodiscard]] std::string clock_text(std::chrono::system_clock::time_point time);
/// Local date and time: "2031-05-07 09:30:00".
[[nodiscard]] std::string date_text(std::chrono::system_clock::time_point time);

/// Columns of the terminal behind this descriptor; empty: it is none.
[[nodiscard]] std::optional<std::size_t> terminal_width(int fd);

}  // namespace foster::cli
