// What is wrong with a config, where, and what to write instead. Bad input is a Diagnostic; a wrong
// world is a foster::Error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace foster::config {

enum class Severity : std::uint8_t { error, warning };

/// A place in a text, both counted from 1; a column is a code point. Line 0: the text has no positions
/// (JSON from the API), or the finding is about the file as a whole.
struct Position {
  unsigned line = 0;
  unsigned column = 0;
  friend constexpr auto operator<=>(const Position&, const Position&) = default;
};

/// One finding. It carries the line it is about, so that showing it needs no file.
struct Diagnostic {
  std::string file = {};  ///< As the caller named it.
  unsigned line = 0;
  unsigned column = 0;
  std::string key = {};      ///< "service.web.restart"; empty where no key is concerned.
  std::string message = {};  ///< One sentence without a full stop.
  std::string hint = {};     ///< What to write instead; may be empty.
  Severity severity = Severity::error;
  std::string source = {};  ///< The offending line, cut around the column where it is very long.
  unsigned caret = 0;       ///< Code points of `source` before the caret.

  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

[[nodiscard]] std::string_view to_string(Severity severity);

struct RenderOptions {
  bool colour = false;  ///< With terminal escapes.
};

/// The finding for people, with the line and a caret under the place; ends in a newline. Control bytes
/// of the config never reach the terminal.
[[nodiscard]] std::string render(const Diagnostic& diagnostic, const RenderOptions& options = {});
/// All of them, in order, with an empty line between two.
[[nodiscard]] std::string render(const std::vector<Diagnostic>& diagnostics, const RenderOptions& options = {});

/// Fills `source` and `caret` from the text the positions are about.
void attach_source(std::vector<Diagnostic>& diagnostics, std::string_view text);

/// By position; findings about the whole file first, those of one place in the order they were made.
void sort_by_position(std::vector<Diagnostic>& diagnostics);

}  // namespace foster::config
