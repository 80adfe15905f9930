#include "cli/classic_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace foster::cli {
namespace {

using Problem = std::unexpected<std::string>;
using Taken = std::expected<void, std::string>;
using Takes = ClassicOption::Takes;

class Parser {
 public:
  Parser(std::span<const ClassicOption> table, std::span<const char* const> arguments)
      : table_(table), rest_(arguments) {}

  [[nodiscard]] std::expected<ClassicOptions, std::string> parse() {
    while (!rest_.empty()) {
      const std::string_view word = rest_.front();
      if (!word.starts_with('-') || word == "-") break;
      rest_ = rest_.subspan(1);
      if (word == "--") break;
      const auto taken = word.starts_with("--") ? take_long(word.substr(2)) : take_letters(word.substr(1));
      if (!taken) return Problem(taken.error());
    }
    return ClassicOptions{.given = std::move(given_), .words = {rest_.begin(), rest_.end()}};
  }

 private:
  [[nodiscard]] std::expected<std::size_t, std::string> find(std::string_view name) const {
    std::optional<std::size_t> found;
    for (std::size_t at = 0; at < table_.size(); ++at) {
      const ClassicOption& option = table_[at];
      if (option.name.empty() || !option.name.starts_with(name)) continue;
      if (option.name == name) return at;
      if (found) return Problem(fmt::format("option --{} not a unique prefix", name));
      found = at;
    }
    if (!found) return Problem(fmt::format("option --{} not recognized", name));
    return *found;
  }

  Taken take_long(std::string_view word) {
    const auto equals = word.find('=');
    const auto option = find(word.substr(0, equals));
    if (!option) return Problem(option.error());
    ClassicOptions::Given given{.option = *option, .name = fmt::format("--{}", table_[*option].name), .value = {}};
    const Takes takes = table_[*option].takes;
    if (equals != std::string_view::npos) {
      if (takes == Takes::nothing) return Problem(fmt::format("option {} must not have an argument", given.name));
      given.value = word.substr(equals + 1);
    } else if (takes == Takes::value && !take_value(given)) {
      return Problem(fmt::format("option {} requires argument", given.name));
    }
    given_.push_back(std::move(given));
    return {};
  }

  Taken take_letters(std::string_view letters) {
    while (!letters.empty()) {
      const auto option = std::ranges::find(table_, letters.front(), &ClassicOption::letter);
      ClassicOptions::Given given{.option = 0, .name = fmt::format("-{}", letters.front()), .value = {}};
      if (option == table_.end()) return Problem(fmt::format("option {} not recognized", given.name));
      letters.remove_prefix(1);
      given.option = static_cast<std::size_t>(option - table_.begin());
      if (option->takes == Takes::value) {
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

  bool take_value(ClassicOptions::Given& given) {
    if (rest_.empty()) return false;
    given.value = rest_.front();
    rest_ = rest_.subspan(1);
    return true;
  }

  std::span<const ClassicOption> table_;
  std::span<const char* const> rest_;
  std::vector<ClassicOptions::Given> given_;
};

}  // namespace

std::expected<ClassicOptions, std::string> parse_classic_options(std::span<const ClassicOption> table,
                                                                 std::span<const char* const> arguments) {
  return Parser(table, arguments).parse();
}

}  // namespace foster::cli
