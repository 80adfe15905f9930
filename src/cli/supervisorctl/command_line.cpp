#include "cli/supervisorctl/command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/supervisorctl/words.hpp"

namespace foster::cli::supervisorctl {
namespace {

enum class Option : std::uint8_t { help, config_file, interactive, url, username, password, history_file };
enum class Takes : std::uint8_t { nothing, value };

struct Row {
  char letter;
  std::string_view name;  ///< Empty: a letter alone.
  Option option;
  Takes takes;
};

constexpr Row kRows[] = {
    {'h', "help", Option::help, Takes::nothing},
    {'?', "", Option::help, Takes::nothing},
    {'c', "configuration", Option::config_file, Takes::value},
    {'i', "interactive", Option::interactive, Takes::nothing},
    {'s', "serverurl", Option::url, Takes::value},
    {'u', "username", Option::username, Takes::value},
    {'p', "password", Option::password, Takes::value},
    {'r', "history_file", Option::history_file, Takes::value},
};

struct Given {
  Option option;
  std::string name;  ///< With its dashes, in full.
  std::string value;
};

using Problem = std::unexpected<std::string>;

std::expected<const Row*, std::string> row_by_name(std::string_view name) {
  const Row* found = nullptr;
  for (const Row& row : kRows) {
    if (row.name.empty() || !row.name.starts_with(name)) continue;
    if (row.name == name) return &row;
    if (found != nullptr) return Problem(fmt::format("option --{} not a unique prefix", name));
    found = &row;
  }
  if (found == nullptr) return Problem(fmt::format("option --{} not recognized", name));
  return found;
}

class Parser {
 public:
  explicit Parser(std::span<const char* const> arguments) : rest_(arguments) {}

  // All options first: a mistake in any of them is told before the first one has an effect.
  [[nodiscard]] std::expected<std::vector<Given>, std::string> options() {
    while (!rest_.empty()) {
      const std::string_view word = rest_.front();
      if (!word.starts_with('-') || word == "-") break;
      rest_ = rest_.subspan(1);
      if (word == "--") break;
      const auto taken = word.starts_with("--") ? take_long(word.substr(2)) : take_letters(word.substr(1));
      if (!taken) return Problem(taken.error());
    }
    return std::move(given_);
  }

  [[nodiscard]] std::vector<std::string> words() const { return {rest_.begin(), rest_.end()}; }

 private:
  using Taken = std::expected<void, std::string>;

  Taken take_long(std::string_view word) {
    const auto equals = word.find('=');
    const auto row = row_by_name(word.substr(0, equals));
    if (!row) return Problem(row.error());
    Given given{.option = (*row)->option, .name = fmt::format("--{}", (*row)->name), .value = {}};
    if (equals != std::string_view::npos) {
      if ((*row)->takes == Takes::nothing) {
        return Problem(fmt::format("option {} must not have an argument", given.name));
      }
      given.value = word.substr(equals + 1);
    } else if ((*row)->takes == Takes::value && !take_value(given)) {
      return Problem(fmt::format("option {} requires argument", given.name));
    }
    given_.push_back(std::move(given));
    return {};
  }

  Taken take_letters(std::string_view letters) {
    while (!letters.empty()) {
      const auto* row = std::ranges::find(kRows, letters.front(), &Row::letter);
      Given given{.option = Option::help, .name = fmt::format("-{}", letters.front()), .value = {}};
      if (row == std::end(kRows)) return Problem(fmt::format("option {} not recognized", given.name));
      letters.remove_prefix(1);
      given.option = row->option;
      if (row->takes == Takes::value) {
        given.value = letters;
        if (letters.empty() && !take_value(given)) {
          return Problem(fmt::format("option {} requires argument", given.name));
        }
        letters = {};
      }
      given_.push_back(std::move(given));
    }
    return {};
  }

  bool take_value(Given& given) {
    if (rest_.empty()) return false;
    given.value = rest_.front();
    rest_ = rest_.subspan(1);
    return true;
  }

  std::span<const char* const> rest_;
  std::vector<Given> given_;
};

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
  Parser parser(arguments);
  auto options = parser.options();
  if (!options) return Problem(options.error());
  CommandLine line{.words = parser.words()};
  for (Given& given : *options) {
    if (given.option == Option::help) {
      line.wants_help = true;
      return line;
    }
    if (given.option == Option::url && !is_url(given.value)) {
      return Problem(
          fmt::format("invalid value for {0} {1}: value {1} is not a URL", given.name, in_quotes(given.value)));
    }
    const bool is_flag = given.option == Option::interactive;
    if (is_flag ? line.is_interactive : field_of(line, given.option).has_value()) {
      return Problem(fmt::format("conflicting command line option {}", in_quotes(given.name)));
    }
    if (is_flag) {
      line.is_interactive = true;
    } else {
      field_of(line, given.option) = std::move(given.value);
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
