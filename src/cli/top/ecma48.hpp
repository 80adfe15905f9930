// The few control sequences of ECMA-48 that a screen takes, as every terminal of today understands them. Nothing is
// looked up in terminfo, so it works in a container that has none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/top/grid.hpp"

namespace foster::cli::top {

/// What the terminal can show.
struct Ink {
  bool has_colour = false;
  bool has_utf8 = false;  ///< false: what is not ASCII gets a stand-in.
};

/// Takes a screen of its own, without a cursor and without wrapping: what was there before is kept by the terminal.
inline constexpr std::string_view kEnterScreen = "\x1b[?1049h\x1b[?25l\x1b[?7l";
/// Gives everything back. It begins with CAN, which ends a sequence that was cut in the middle.
inline constexpr std::string_view kLeaveScreen = "\x18\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

/// What makes a terminal that shows `shown` show `wanted`; nothing when they are equal.
/// @param shown Null, or of another size: it shows nobody knows what, and is cleared first.
[[nodiscard]] std::string paint(const Grid* shown, const Grid& wanted, Ink ink);

/// The same without a terminal: lines without blanks at their ends, and without any sequence.
[[nodiscard]] std::string plain_text(const Grid& grid, Ink ink);

}  // namespace foster::cli::top
