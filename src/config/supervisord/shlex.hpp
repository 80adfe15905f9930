// Words as Python's shlex takes them out of a text: with it commands are split, and environment= is read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/values.hpp"

namespace foster::config::supervisord {

struct LexOptions {
  enum class Mode { old, posix } mode = Mode::posix;  ///< Old: quotes stay in the word, and nothing is an escape.
  /// Only blanks end a word. Otherwise whatever is no letter, digit or underscore, or one of these, is a word by
  /// itself.
  bool splits_at_blanks_only = true;
  std::string_view further_letters = {};
  bool knows_comments = false;  ///< From "#" to the end of the line.
};

/// The words of a text.
/// @errors A quote that is not closed, a backslash at the end.
[[nodiscard]] Parsed<std::vector<std::string>> lex(std::string_view text, const LexOptions& options);

}  // namespace foster::config::supervisord
