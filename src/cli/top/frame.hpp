// Where on a screen of some size things are. What little room there is goes to the services first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>

#include "cli/top/grid.hpp"

namespace foster::cli::top {

struct Frame {
  std::optional<std::size_t> title;    ///< Row; empty: none.
  std::optional<std::size_t> heading;  ///< Titles of the columns.
  std::size_t body = 0;                ///< First row of the services or of a page.
  std::size_t body_rows = 0;
  std::optional<std::size_t> message;
  std::optional<std::size_t> help;
};

enum class Shows : std::uint8_t { services, page };

[[nodiscard]] inline Frame frame_of(Size size, Shows what) {
  Frame frame;
  const bool is_list = what == Shows::services;
  std::size_t end = size.rows;
  if (end >= 6) frame.help = --end;
  if (end >= 3 && is_list) frame.message = --end;
  if (end >= (is_list ? 4U : 2U)) frame.title = frame.body++;
  if (is_list && end >= 2 && size.rows >= 4) frame.heading = frame.body++;
  frame.body_rows = end > frame.body ? end - frame.body : 0;
  return frame;
}

}  // namespace foster::cli::top
