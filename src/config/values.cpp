#include "config/values.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace foster::config {

namespace {

// Wide enough for every product below; the results are checked before they become 64 bits.
__extension__ using Wide = __int128;

constexpr std::size_t kMaxWholeDigits = 20;
constexpr std::size_t kMaxFractionDigits = 9;

struct Unit {
  std::string_view word;
  std::int64_t factor;
};

// From large to small, as components are written.
constexpr std::array kTimeUnits{Unit{"d", 86'400'000'000'000},
                                Unit{"h", 3'600'000'000'000},
                                Unit{"m", 60'000'000'000},
                                Unit{"s", 1'000'000'000},
                                Unit{"ms", 1'000'000},
                                Unit{"us", 1'000},
                                Unit{"ns", 1}};

// The words to print come first among those of one factor.
constexpr std::array kSizeUnits{Unit{"B", 1},
                                Unit{"kB", 1'000},
                                Unit{"KB", 1'000},
                                Unit{"MB", 1'000'000},
                                Unit{"GB", 1'000'000'000},
                                Unit{"TB", 1'000'000'000'000},
                                Unit{"KiB", std::int64_t{1} << 10},
                                Unit{"MiB", std::int64_t{1} << 20},
                                Unit{"GiB", std::int64_t{1} << 30},
                                Unit{"TiB", std::int64_t{1} << 40}};

std::unexpected<BadValue> bad(std::string message, std::string hint = {}) {
  return std::unexpected(BadValue{.message = std::move(message), .hint = std::move(hint)});
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

std::string_view take_while(std::string_view& text, auto matches) {
  const auto end = std::ranges::find_if_not(text, matches);
  const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

// More than any result may be, and far from an overflow when it is added.
constexpr Wide kTooLarge = Wide{1} << 100;

// A decimal number as the fraction digits / 10^scale, so that nothing is rounded.
struct Number {
  Wide digits = 0;
  Wide scale = 1;

  [[nodiscard]] std::optional<Wide> times(std::int64_t factor) const {
    Wide product = 0;
    if (__builtin_mul_overflow(digits, Wide{factor}, &product)) return kTooLarge;
    if (product % scale != 0) return std::nullopt;
    return product / scale;
  }
};

std::optional<Number> take_number(std::string_view& text) {
  const std::string_view whole = take_while(text, is_digit);
  std::string_view fraction;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    fraction = take_while(text, is_digit);
    if (fraction.empty()) return std::nullopt;
  }
  if (whole.empty() || whole.size() > kMaxWholeDigits || fraction.size() > kMaxFractionDigits) return std::nullopt;
  Number number;
  for (const char c : whole) number.digits = number.digits * 10 + (c - '0');
  for (const char c : fraction) {
    number.digits = number.digits * 10 + (c - '0');
    number.scale *= 10;
  }
  return number;
}

bool is_unit_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

std::unexpected<BadValue> no_duration(std::string_view text) {
  return bad(fmt::format("\"{}\" is no duration", text), "write a number and its unit: \"100ms\", \"5s\", \"1m30s\"");
}

std::unexpected<BadValue> no_size(std::string_view text) {
  return bad(fmt::format("\"{}\" is no size", text), "write a number and its unit: \"10MB\", \"64KiB\"");
}

}  // namespace

Parsed<core::Duration> parse_duration(std::string_view text) {
  if (text == "0") return core::Duration::zero();
  std::string_view rest = text;
  Wide total = 0;
  std::int64_t last_factor = std::numeric_limits<std::int64_t>::max();
  do {
    const auto number = take_number(rest);
    if (!number) return no_duration(text);
    const std::string_view word = take_while(rest, is_unit_letter);
    if (word.empty() && !rest.empty()) return no_duration(text);
    if (word.empty()) return bad(fmt::format("\"{}\" has no unit", text), fmt::format("write \"{}s\"", text));
    const auto unit = std::ranges::find(kTimeUnits, word, &Unit::word);
    if (unit == kTimeUnits.end()) {
      return bad(fmt::format("\"{}\" is no unit of time", word), "the units are ns, us, ms, s, m, h and d");
    }
    if (unit->factor >= last_factor) return no_duration(text);
    last_factor = unit->factor;
    const auto nanoseconds = number->times(unit->factor);
    if (!nanoseconds) return bad(fmt::format("\"{}\" is finer than a nanosecond", text));
    total += *nanoseconds;
    if (total > kMaxDuration.count()) {
      return bad(fmt::format("\"{}\" is too long", text), fmt::format("at most {}", format_duration(kMaxDuration)));
    }
  } while (!rest.empty());
  return core::Duration(static_cast<core::Duration::rep>(total));
}

std::string format_duration(core::Duration duration) {
  std::string text;
  auto rest = duration.count();
  for (const Unit& unit : kTimeUnits) {
    if (rest / unit.factor == 0) continue;
    text += fmt::format("{}{}", rest / unit.factor, unit.word);
    rest %= unit.factor;
  }
  return text.empty() ? "0s" : text;
}

Parsed<std::uint64_t> parse_size(std::string_view text) {
  if (text == "0") return 0;
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number) return no_size(text);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (rest.empty())
    return bad(fmt::format("\"{}\" has no unit", text), fmt::format("write \"{0}B\" or \"{0}MB\"", text));
  const auto unit = std::ranges::find(kSizeUnits, rest, &Unit::word);
  if (unit == kSizeUnits.end()) {
    return bad(fmt::format("\"{}\" is no unit of size", rest),
               "the units are B, kB, MB, GB, TB and KiB, MiB, GiB, TiB");
  }
  const auto bytes = number->times(unit->factor);
  if (!bytes) return bad(fmt::format("\"{}\" is no whole number of bytes", text));
  if (*bytes > std::numeric_limits<std::int64_t>::max()) return bad(fmt::format("\"{}\" is too large", text));
  return static_cast<std::uint64_t>(*bytes);
}

std::string format_size(std::uint64_t bytes) {
  const Unit* best = &kSizeUnits.front();
  for (const Unit& unit : kSizeUnits) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (bytes != 0 && bytes % factor == 0 && factor > static_cast<std::uint64_t>(best->factor)) best = &unit;
  }
  return fmt::format("{}{}", bytes / static_cast<std::uint64_t>(best->factor), best->word);
}

Parsed<Signal> parse_signal(std::string_view text) {
  if (const auto signal = Signal::from_name(text)) return *signal;
  return bad(fmt::format("\"{}\" is no signal", text), "write a name as in signal(7): \"TERM\", \"INT\", \"QUIT\"");
}

std::string format_signal(Signal signal) {
  return signal.name();
}

Parsed<unsigned> parse_mode(std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0o")) digits.remove_prefix(2);
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mode, 8);
  if (error != std::errc{} || end != digits.data() + digits.size() || mode > 0777) {
    return bad(fmt::format("\"{}\" is no octal mode", text), "write octal digits: \"022\"");
  }
  return mode;
}

std::string format_mode(unsigned mode) {
  return fmt::format("{:03o}", mode);
}

Parsed<bool> parse_boolean(std::string_view text) {
  const std::string word = lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1") return true;
  if (word == "false" || word == "no" || word == "off" || word == "0") return false;
  return bad(fmt::format("\"{}\" is neither true nor false", text), "write true or false");
}

std::string format_boolean(bool value) {
  return value ? "true" : "false";
}

}  // namespace foster::config
