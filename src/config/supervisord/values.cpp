#include "config/supervisord/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <fmt/format.h>

#include "config/supervisord/shlex.hpp"
#include "config/supervisord/text.hpp"

namespace foster::config::supervisord {

namespace {

std::unexpected<BadValue> bad(std::string message, std::string hint = {}) {
  return std::unexpected(BadValue{std::move(message), std::move(hint)});
}

// The digits of a whole number without its sign and without "_", which may stand between two of them.
std::optional<std::string> digits_of(std::string_view text, unsigned base) {
  std::string digits;
  char before = '_';
  for (const char c : text) {
    const bool is_digit = c >= '0' && c < static_cast<char>('0' + base);
    if (!is_digit && (c != '_' || before == '_')) return std::nullopt;
    if (is_digit) digits += c;
    before = c;
  }
  if (before == '_') return std::nullopt;
  return digits;
}

// A signed number of the base, or nothing.
std::optional<std::int64_t> whole_number(std::string_view text, unsigned base) {
  text = strip(text);
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (base == 8 && (text.starts_with("0o") || text.starts_with("0O"))) {
    text.remove_prefix(2);
    if (text.starts_with('_')) text.remove_prefix(1);
  }
  const auto digits = digits_of(text, base);
  if (!digits) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = digits->data() + digits->size();
  const auto [stop, error] = std::from_chars(digits->data(), end, number, static_cast<int>(base));
  if (error != std::errc{} || stop != end) return std::nullopt;
  return is_negative ? -number : number;
}

constexpr std::array kLogLevels =
    std::to_array<std::string_view>({"critical", "error", "warn", "info", "debug", "trace", "blather"});

// The old reading: three words a pair, and one between two pairs, whatever it is.
std::optional<Variables> pairs_of(const std::vector<std::string>& words, bool strips_quotes) {
  Variables variables;
  for (std::size_t at = 0; at < words.size(); at += 4) {
    if (at + 2 >= words.size() || words[at + 1] != "=") return std::nullopt;
    std::string_view value = words[at + 2];
    if (strips_quotes) {
      const std::size_t begin = value.find_first_not_of("'\"");
      value = begin == std::string_view::npos ? "" : value.substr(begin, value.find_last_not_of("'\"") - begin + 1);
    }
    const auto known = std::ranges::find(variables, words[at], &Variables::value_type::first);
    if (known != variables.end()) {
      known->second = value;
    } else {
      variables.emplace_back(words[at], value);
    }
  }
  return variables;
}

}  // namespace

Parsed<std::int64_t> parse_integer(std::string_view text) {
  if (const auto number = whole_number(text, 10)) return *number;
  return bad(fmt::format("\"{}\" is not a whole number", text), "write digits only: 10");
}

Parsed<std::uint64_t> parse_bytes(std::string_view text) {
  const std::string small = lower(text);
  std::uint64_t unit = 1;
  std::string_view number = small;
  if (small.ends_with("kb")) unit = std::uint64_t{1} << 10U;
  if (small.ends_with("mb")) unit = std::uint64_t{1} << 20U;
  if (small.ends_with("gb")) unit = std::uint64_t{1} << 30U;
  if (unit != 1) number.remove_suffix(2);
  const auto count = whole_number(number, 10);
  if (!count) return bad(fmt::format("\"{}\" is not a number of bytes", text), "write digits and KB, MB or GB: 50MB");
  if (*count < 0) return bad(fmt::format("{} bytes are less than none", text), "write 0 for \"never\"");
  const auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit;
  if (static_cast<std::uint64_t>(*count) > most) return bad(fmt::format("\"{}\" is too large", text));
  return static_cast<std::uint64_t>(*count) * unit;
}

Parsed<unsigned> parse_octal(std::string_view text) {
  const auto number = whole_number(text, 8);
  if (number && *number >= 0 && *number <= 07777) return static_cast<unsigned>(*number);
  return bad(fmt::format("\"{}\" is not an octal mode", text), "write digits from 0 to 7: 022");
}

Parsed<bool> parse_flag(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return bad(fmt::format("\"{}\" is neither true nor false", text), "write true or false");
}

Parsed<Signal> parse_stop_signal(std::string_view text) {
  std::string name = upper(strip(text));
  if (const auto number = whole_number(name, 10)) name = fmt::format("{}", *number);
  if (const auto signal = Signal::from_name(name)) return *signal;
  return bad(fmt::format("\"{}\" is not a signal", text), "write a name as in signal(7): TERM, INT, QUIT");
}

Parsed<std::vector<std::uint8_t>> parse_exit_codes(std::string_view text) {
  std::vector<std::uint8_t> codes;
  if (text.empty()) return codes;
  for (const std::string& item : parse_list(text)) {
    const auto code = whole_number(item, 10);
    if (!code || *code < 0 || *code > 255) {
      return bad(fmt::format("\"{}\" is not an exit code", item), "write numbers from 0 to 255: 0,2");
    }
    codes.push_back(static_cast<std::uint8_t>(*code));
  }
  return codes;
}

Parsed<AutoRestart> parse_auto_restart(std::string_view text) {
  if (lower(text) == "unexpected") return AutoRestart::unexpected;
  const auto flag = parse_flag(text);
  if (flag) return *flag ? AutoRestart::always : AutoRestart::never;
  return bad(fmt::format("\"{}\" is none of true, false and unexpected", text), "write true, false or unexpected");
}

Parsed<LogLevel> parse_log_level(std::string_view text) {
  const auto found = std::ranges::find(kLogLevels, lower(text));
  if (found != kLogLevels.end()) return static_cast<LogLevel>(found - kLogLevels.begin());
  return bad(fmt::format("\"{}\" is not a level", text),
             "write one of critical, error, warn, info, debug, trace, blather");
}

Parsed<InetAddress> parse_inet_address(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto port = whole_number(colon == std::string_view::npos ? text : text.substr(colon + 1), 10);
  if (!port || *port < 1 || *port > 65535) {
    return bad(fmt::format("\"{}\" has no port from 1 to 65535", text), "write 127.0.0.1:9001");
  }
  std::string host = colon == std::string_view::npos ? std::string() : lower(text.substr(0, colon));
  if (host == "*") host.clear();
  return InetAddress{.host = std::move(host), .port = static_cast<std::uint16_t>(*port)};
}

Parsed<std::string> parse_url(std::string_view text) {
  const std::size_t colon = text.find(':');
  const bool has_scheme = colon != std::string_view::npos && colon > 0;
  const std::string_view rest = has_scheme ? text.substr(colon + 1) : std::string_view{};
  if (has_scheme && !rest.empty() && rest != "//") return std::string(text);
  return bad(fmt::format("\"{}\" is not a URL", text), "write unix:///path or http://host:port");
}

std::vector<std::string> parse_list(std::string_view text) {
  std::vector<std::string> items;
  if (text.empty()) return items;
  for (;;) {
    const std::size_t comma = text.find(',');
    items.emplace_back(strip(text.substr(0, comma)));
    if (comma == std::string_view::npos) return items;
    text.remove_prefix(comma + 1);
  }
}

Parsed<std::string> parse_name(std::string_view text) {
  const std::string_view name = strip(text);
  if (name.find_first_of(" :/") == std::string_view::npos) return std::string(name);
  return bad(fmt::format("\"{}\" cannot be a name", name), "a name holds no blank, no \":\" and no \"/\"");
}

Parsed<std::vector<std::string>> parse_command(std::string_view text) {
  auto words = lex(text, {});
  if (words && (words->empty() || words->front().empty())) return bad("the command is empty");
  return words;
}

Parsed<Variables> parse_environment(std::string_view text) {
  constexpr std::string_view kLetters = "/.+-():";
  const auto old = lex(text, {.mode = LexOptions::Mode::old,
                              .splits_at_blanks_only = false,
                              .further_letters = kLetters,
                              .knows_comments = true});
  if (old) {
    if (auto variables = pairs_of(*old, true)) return std::move(*variables);
  }
  const auto later = lex(text, {.mode = LexOptions::Mode::posix,
                                .splits_at_blanks_only = false,
                                .further_letters = kLetters,
                                .knows_comments = true});
  if (later) {
    if (auto variables = pairs_of(*later, false)) return std::move(*variables);
  }
  if (!old) return std::unexpected(old.error());
  return bad("these are not KEY=value pairs between commas",
             "values with other than letters, digits and _/.+-(): need quotes: A=\"a b\",B=2");
}

}  // namespace foster::config::supervisord
