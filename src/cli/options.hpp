// The options of one command: parsed with CLI11, which only options.cpp sees. Options that every command has
// (--name, --color, --help) are added by themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_table.hpp"
#include "cli/context.hpp"

namespace foster::cli {

class OptionSet {
 public:
  OptionSet(Context& context, const Command& command);
  OptionSet(const OptionSet&) = delete;
  OptionSet& operator=(const OptionSet&) = delete;
  ~OptionSet();

  // `names` is "-f,--follow"; what is bound must outlive `parse`.
  void flag(const std::string& names, bool& value, std::string help);
  void text(const std::string& names, std::optional<std::string>& value, std::string type, std::string help);
  void texts(const std::string& names, std::vector<std::string>& values, std::string type, std::string help);
  void number(const std::string& names, std::optional<std::uint64_t>& value, std::string help);
  /// --json
  void json();

  /// At most one word that is no option.
  void operand(std::optional<std::string>& value, std::string name);
  /// All words that are no options.
  void operands(std::vector<std::string>& values, std::string name);
  /// A command line of its own: from the first word that is no option, or after "--".
  void command_line(std::vector<std::string>& words);

  /// Fills everything. A value: this is all (help was asked for, or something is wrong and was said).
  [[nodiscard]] std::optional<ExitCode> parse(Arguments arguments);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Makes `parse` print the command's options, one a line, for shell completion.
inline constexpr std::string_view kListOptions = "--list-options-for-completion";

}  // namespace foster::cli
