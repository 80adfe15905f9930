#include "cli/context.hpp"

#include <cstdlib>

namespace foster::cli {

bool Context::has_colour(const Output& output) const {
  if (colour != ColourWhen::automatic) return colour == ColourWhen::always;
  const char* no_colour = std::getenv("NO_COLOR");
  if (no_colour != nullptr && *no_colour != '\0') return false;
  const char* terminal = std::getenv("TERM");
  return output.is_terminal() && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

}  // namespace foster::cli
