// Which columns a screen of some width has room for, and how wide each is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace foster::cli::top {

enum class Field : std::uint8_t { name, state, pid, cpu, graph, memory, restarts, uptime, why };

struct Column {
  Field field;
  std::size_t begin;
  std::size_t width;
  friend bool operator==(const Column&, const Column&) = default;
};

[[nodiscard]] std::string_view title_of(Field field);
/// Numbers are.
[[nodiscard]] bool is_right_aligned(Field field);

/// From left to right, two blanks apart. Where there is little room, the less important are left out; the name stays.
/// @param longest_name Cells that the longest name takes.
[[nodiscard]] std::vector<Column> choose_columns(std::size_t width, std::size_t longest_name);

}  // namespace foster::cli::top
