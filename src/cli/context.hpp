// What every command is given: where it writes, and the options that all commands share.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "cli/exit_code.hpp"
#include "cli/output.hpp"

namespace foster::cli {

enum class ColourWhen : std::uint8_t { automatic, always, never };

struct Context {
  Output& out;
  Output& err;
  std::optional<std::string> name = {};  ///< --name
  ColourWhen colour = ColourWhen::automatic;
  bool wants_json = false;
  void (*found_sigpipe)(int) = nullptr;  ///< The disposition before `main` changed it; null: default.

  /// Whether this output gets colours: as asked with --color, otherwise on a terminal unless NO_COLOR is set.
  [[nodiscard]] bool has_colour(const Output& output) const;

  /// One line on standard error, "foster: …", without trailing full stop.
  template <class... Arguments>
  void complain(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    out.flush();
    err.print("foster: {}\n", fmt::format(format, std::forward<Arguments>(arguments)...));
    err.flush();
  }
};

/// The words after the command's name.
using Arguments = std::span<const char* const>;

}  // namespace foster::cli
