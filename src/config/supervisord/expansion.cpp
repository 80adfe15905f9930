#include "config/supervisord/expansion.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "config/suggest.hpp"
#include "config/utf8.hpp"

namespace foster::config::supervisord {

namespace {

// Nobody wants more; Python would fill the memory.
constexpr std::size_t kMaxWidth = 4096;
constexpr std::size_t kMaxResult = std::size_t{1} << 20;

// One "%…" taken apart.
struct Specifier {
  std::optional<std::string_view> name;
  bool alternate = false;
  bool zero = false;
  bool left = false;
  bool plus = false;
  bool blank = false;
  std::size_t width = 0;
  std::optional<std::size_t> precision;
  char conversion = '\0';
};

std::unexpected<BadValue> badly_formatted(std::string message) {
  return std::unexpected(BadValue{std::move(message), "write \"%%\" for a percent sign"});
}

std::string padded(std::string text, const Specifier& how, char fill) {
  const std::size_t length = code_points(text);
  if (length >= how.width) return text;
  const std::string padding(how.width - length, how.left ? ' ' : fill);
  return how.left ? text + padding : padding + text;
}

std::string sign_of(bool is_negative, const Specifier& how) {
  return is_negative ? "-" : how.plus ? "+" : how.blank ? " " : "";
}

// Zeros go between the sign and the digits, blanks before the sign.
std::string with_sign(const std::string& sign, std::string digits, const Specifier& how) {
  const std::size_t length = sign.size() + digits.size();
  if (how.zero && !how.left && length < how.width) digits.insert(0, how.width - length, '0');
  return padded(sign + digits, how, ' ');
}

std::string in_base(std::uint64_t number, unsigned base, bool is_upper) {
  const char* const digits = is_upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[number % base]);
    number /= base;
  } while (number != 0);
  return text;
}

std::string whole_number(std::int64_t number, const Specifier& how) {
  const bool is_negative = number < 0;
  const auto magnitude = is_negative ? ~static_cast<std::uint64_t>(number) + 1 : static_cast<std::uint64_t>(number);
  const bool is_hex = how.conversion == 'x' || how.conversion == 'X';
  const unsigned base = is_hex ? 16 : how.conversion == 'o' ? 8 : 10;
  std::string digits = in_base(magnitude, base, how.conversion == 'X');
  if (how.precision && digits.size() < *how.precision) digits.insert(0, *how.precision - digits.size(), '0');
  std::string sign = sign_of(is_negative, how);
  if (how.alternate && base != 10) sign += std::string("0") + how.conversion;
  return with_sign(sign, std::move(digits), how);
}

std::string floating(std::int64_t number, const Specifier& how) {
  const std::string format = fmt::format("%{}.*{}", how.alternate ? "#" : "", how.conversion);
  const int precision = static_cast<int>(how.precision.value_or(6));
  std::array<char, kMaxWidth + 64> buffer{};
  const double magnitude = number < 0 ? -static_cast<double>(number) : static_cast<double>(number);
  // The format is one of ours: a "%", perhaps "#", and one letter of "eEfFgG".
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  const int length = std::snprintf(buffer.data(), buffer.size(), format.c_str(), precision, magnitude);
#pragma GCC diagnostic pop
  return with_sign(sign_of(number < 0, how), std::string(buffer.data(), static_cast<std::size_t>(std::max(length, 0))),
                   how);
}

std::string quoted_as_in_python(std::string_view text) {
  const bool has_single = text.contains('\'');
  const char quote = has_single && !text.contains('"') ? '"' : '\'';
  std::string result(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') result += '\\';
    if (c == '\n' || c == '\t' || c == '\r') {
      result += c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\r";
    } else {
      result += c;
    }
  }
  return result + quote;
}

std::string as_text(const Expansion& value, char conversion) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
  const auto& text = std::get<std::string>(value);
  return conversion == 's' ? text : quoted_as_in_python(text);
}

std::string cut(std::string text, const Specifier& how) {
  if (how.precision && code_points(text) > *how.precision) text.resize(byte_offset(text, *how.precision));
  return text;
}

Parsed<std::string> one_character(const Expansion& value, const Specifier& how) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    if (*number >= 1 && *number < 128) return padded(std::string(1, static_cast<char>(*number)), how, ' ');
  } else if (code_points(std::get<std::string>(value)) == 1) {
    return padded(std::get<std::string>(value), how, ' ');
  }
  return badly_formatted("\"%c\" takes one character");
}

// Reads what follows a "%".
class SpecifierReader {
 public:
  SpecifierReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }

  Parsed<Specifier> read() {
    Specifier how;
    if (peek() == '(') {
      const auto name = take_name();
      if (!name) return badly_formatted("a \"%(\" is not closed");
      how.name = *name;
    }
    while (take_flag(how)) ++at_;
    const auto width = take_number();
    if (!width) return badly_formatted("a width in \"%…\" is too large");
    how.width = *width;
    if (peek() == '.') {
      ++at_;
      const auto precision = take_number();
      if (!precision) return badly_formatted("a precision in \"%…\" is too large");
      how.precision = precision;
    }
    if (peek() == 'h' || peek() == 'l' || peek() == 'L') ++at_;
    if (at_ == text_.size()) return badly_formatted("a \"%\" at the end begins nothing");
    how.conversion = text_[at_];
    ++at_;
    return how;
  }

 private:
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::optional<std::string_view> take_name() {
    const std::size_t begin = ++at_;
    for (unsigned depth = 1; at_ < text_.size(); ++at_) {
      if (text_[at_] == '(') ++depth;
      if (text_[at_] == ')' && --depth == 0) return text_.substr(begin, at_++ - begin);
    }
    return std::nullopt;
  }

  bool take_flag(Specifier& how) const {
    switch (peek()) {
      case '#':
        return how.alternate = true;
      case '0':
        return how.zero = true;
      case '-':
        return how.left = true;
      case '+':
        return how.plus = true;
      case ' ':
        return how.blank = true;
      default:
        return false;
    }
  }

  // Empty: more than anybody wants.
  std::optional<std::size_t> take_number() {
    std::size_t number = 0;
    for (; peek() >= '0' && peek() <= '9'; ++at_) {
      number = number * 10 + static_cast<std::size_t>(peek() - '0');
      if (number > kMaxWidth) return std::nullopt;
    }
    return number;
  }

  std::string_view text_;
  std::size_t at_;
};

std::unexpected<BadValue> unknown_name(std::string_view name, const Expansions& names) {
  std::vector<std::string_view> known;
  std::vector<std::string_view> shown;
  for (const auto& [other, value] : names) {
    known.push_back(other);
    if (!other.starts_with("ENV_")) shown.push_back(other);
  }
  std::string hint = did_you_mean(name, known);
  if (hint.empty()) {
    // The environment is long, and its names are no secret to whoever wrote %(ENV_…)s.
    hint = shown.empty() ? "only %(ENV_NAME)s is known here"
                         : fmt::format("known here: {}, and ENV_NAME for variables", fmt::join(shown, ", "));
  }
  return std::unexpected(BadValue{fmt::format("\"%({})s\" is not known here", name), std::move(hint)});
}

Parsed<std::string> convert(const Expansion& value, const Specifier& how) {
  const auto* number = std::get_if<std::int64_t>(&value);
  switch (how.conversion) {
    case 's':
    case 'r':
    case 'a':
      return padded(cut(as_text(value, how.conversion), how), how, ' ');
    case 'c':
      return one_character(value, how);
    case 'd':
    case 'i':
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      if (number != nullptr) return whole_number(*number, how);
      return badly_formatted(fmt::format("\"%({})…{}\" wants a number, and this is a text", *how.name, how.conversion));
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      if (number != nullptr) return floating(*number, how);
      return badly_formatted(fmt::format("\"%({})…{}\" wants a number, and this is a text", *how.name, how.conversion));
    default:
      return badly_formatted(fmt::format("\"%({})\" is not followed by \"s\" or \"d\"", *how.name));
  }
}

}  // namespace

Parsed<Expanded> expand(std::string_view text, const Expansions& names) {
  Expanded result;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '%') {
      result.text += text[at++];
      continue;
    }
    if (text.substr(at).starts_with("%%")) {
      result.text += '%';
      at += 2;
      continue;
    }
    SpecifierReader reader(text, at + 1);
    const auto how = reader.read();
    if (!how) return std::unexpected(how.error());
    const std::size_t begin = std::exchange(at, reader.at());
    const auto found = how->name ? names.find(*how->name) : names.end();
    if (how->name && found == names.end()) return unknown_name(*how->name, names);
    if (how->name) {
      auto converted = convert(found->second, *how);
      if (!converted) return std::unexpected(std::move(converted.error()));
      result.text += *converted;
    } else if (how->conversion == 's' || how->conversion == 'r' || how->conversion == 'a') {
      result.has_nameless = true;
      result.text += text.substr(begin, at - begin);
    } else {
      return badly_formatted(
          fmt::format("a \"%\" without a name in parentheses: \"{}\"", text.substr(begin, at - begin)));
    }
    if (result.text.size() > kMaxResult) return std::unexpected(BadValue{"the value becomes longer than 1 MiB", ""});
  }
  return result;
}

}  // namespace foster::config::supervisord
