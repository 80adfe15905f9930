// Options as getopt(3) read them before GNU, for the two programs that keep the words of others: they end at the first
// word that is none, a row of letters may stand behind one dash, and a long name may be cut short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace foster::cli {

struct ClassicOption {
  enum class Takes : std::uint8_t { nothing, value };
  char letter;            ///< 0: a name alone.
  std::string_view name;  ///< Empty: a letter alone.
  Takes takes;
};

struct ClassicOptions {
  struct Given {
    std::size_t option;  ///< Its place in the table.
    std::string name;    ///< As it is told to people: "-c", or "--configuration" in full.
    std::string value;
  };
  std::vector<Given> given;
  std::vector<std::string> words;  ///< What follows.
};

/// @errors What is wrong, for people; a mistake in any of them comes before the effect of the first.
[[nodiscard]] std::expected<ClassicOptions, std::string> parse_classic_options(std::span<const ClassicOption> table,
                                                                               std::span<const char* const> arguments);

}  // namespace foster::cli
