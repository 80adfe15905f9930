#include "cli/supervisorctl/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/classic_options.hpp"
#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

enum class Option : std::uint8_t { help, question, config_file, interactive, url, username, password, history_file };
using Takes = ClassicOption::Takes;

// In the order of Option.
constexpr ClassicOption kOptions[] = {
    {'h', "help", Takes::nothing},        {'?', "", Takes::nothing},           {'c', "configuration", Takes::value},
    {'i', "interactive", Takes::nothing}, {'s', "serverurl", Takes::value},    {'u', "username", Takes::value},
    {'p', "password", Takes::value},      {'r', "history_file", Takes::value},
};

using Problem = std::unexpected<std::string>;

bool is_url(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || std::isalpha(static_cast<unsigned char>(text[0])) == 0) {
    return false;
  }
  const bool has_scheme = std::ranges::all_of(
      text.substr(0, colon), [](unsigned char c) { return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.'; });
  std::string_view rest = text.substr(colon + 1);
  rest = rest.substr(0, rest.find_first_of("?#"));
  if (rest.starts_with("//")) rest.remove_prefix(2);
  return has_scheme && !rest.empty();
}

std::optional<std::string>& field_of(CommandLine& line, Option option) {
  switch (option) {
    case Option::config_file:
      return line.config_file;
    case Option::url:
      return line.url;
    case Option::username:
      return line.username;
    case Option::password:
      return line.password;
    default:
      return line.history_file;
  }
}

}  // namespace

std::expected<CommandLine, std::string> parse_command_line(std::span<const char* const> arguments) {
  auto options = parse_classic_options(kOptions, arguments);
  if (!options) return Problem(options.error());
  CommandLine line{.words = std::move(options->words)};
  for (ClassicOptions::Given& given : options->given) {
    const auto option = static_cast<Option>(given.option);
    if (option == Option::help || option == Option::question) {
      line.wants_help = true;
      return line;
    }
    if (option == Option::url && !is_url(given.value)) {
      return Problem(
          fmt::format("invalid value for {0} {1}: value {1} is not a URL", given.name, in_quotes(given.value)));
    }
    const bool is_flag = option == Option::interactive;
    if (is_flag ? line.is_interactive : field_of(line, option).has_value()) {
      return Problem(fmt::format("conflicting command line option {}", in_quotes(given.name)));
    }
    if (is_flag) {
      line.is_interactive = true;
    } else {
      field_of(line, option) = std::move(given.value);
    }
  }
  return line;
}

std::string usage_text(std::string_view program) {
  return fmt::format(R"(supervisorctl -- control applications run by supervisord from the cmd line.

Usage: {} [options] [action [arguments]]

Options:
-c/--configuration FILENAME -- configuration file path (searches if not given)
-h/--help -- print usage message and exit
-i/--interactive -- start an interactive shell after executing commands
-s/--serverurl URL -- URL on which supervisord server is listening
     (default "http://localhost:9001").
-u/--username USERNAME -- username to use for authentication with server
-p/--password PASSWORD -- password to use for authentication with server
-r/--history-file -- keep a readline history (if readline is available)

action [arguments] -- see below

Actions are commands like "tail" or "stop".  If -i is specified or no action is
specified on the command line, a "shell" interpreting actions typed
interactively is started.  Use the action "help" to find out about available
actions.

)",
                     program);
}

}  // namespace foster::cli::supervisorctl
