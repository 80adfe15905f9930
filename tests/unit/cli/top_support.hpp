// Rows and keys for the tests of the live screen.
#pragma once

#include <string>
#include <vector>

#include "cli/top/layout.hpp"
#include "cli/top/model.hpp"

namespace foster::cli::top {

using namespace std::chrono_literals;

inline const WallTime kNow = std::chrono::sys_days{std::chrono::year(2031) / 5 / 7} + std::chrono::hours(9);

inline Row row_called(const std::string& name, core::State state = core::State::running) {
  Row row;
  row.service = name;
  row.name = name;
  row.state = state;
  row.since = kNow - 65s;
  row.cause = "because of " + name;
  if (core::may_be_alive(state)) {
    row.pid = 4711;
    row.cpu = 1;
    row.memory = 12'300'000;
  }
  return row;
}

inline std::vector<Row> rows_called(const std::vector<std::string>& names) {
  std::vector<Row> rows;
  for (const std::string& name : names) rows.push_back(row_called(name));
  return rows;
}

/// A screen of this size that has had its first answer.
inline Model model_of(Size size, std::vector<Row> rows) {
  Model model("shop", 0s);
  model.resize(size);
  model.take(std::move(rows), 10s, kNow);
  return model;
}

/// Types characters; gives the last wish.
inline std::optional<Wish> type(Model& model, std::string_view characters) {
  std::optional<Wish> last;
  for (const char c : characters) last = model.press({Key::Kind::character, static_cast<unsigned char>(c)});
  return last;
}

inline std::vector<std::string> lines_of(const Grid& grid) {
  std::vector<std::string> lines;
  for (std::size_t row = 0; row < grid.size().rows; ++row) lines.push_back(grid.line(row));
  return lines;
}

inline std::string text_of(const Grid& grid) {
  std::string text;
  for (const std::string& line : lines_of(grid)) text += line + "\n";
  return text;
}

}  // namespace foster::cli::top
