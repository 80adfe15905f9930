#include "cli/supervisorctl/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "config/utf8.hpp"

namespace foster::cli::supervisorctl {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";

void append_escape(std::string& text, char32_t value) {
  switch (value) {
    case '\n':
      text += "\\n";
      break;
    case '\r':
      text += "\\r";
      break;
    case '\t':
      text += "\\t";
      break;
    default: {
      const auto number = static_cast<unsigned>(value);
      text += number < 0x100 ? fmt::format("\\x{:02x}", number) : fmt::format("\\u{:04x}", number);
    }
  }
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
    const auto end = std::min(text.find_first_of(kBlanks), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

bool has(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<std::int32_t> number_of(std::string_view text) {
  constexpr std::int64_t kMost = INT32_MAX;
  text = trimmed(text);
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_' && i > 0 && i + 1 < text.size() && text[i - 1] != '_') continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    digits += text[i];
  }
  if (digits.empty()) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || number > kMost) number = kMost;
  return static_cast<std::int32_t>(is_negative ? -number : number);
}

std::string in_quotes(std::string_view text) {
  const char quote = text.contains('\'') && !text.contains('"') ? '"' : '\'';
  std::string shown(1, quote);
  for (std::size_t at = 0; at < text.size();) {
    const auto point = config::decode_utf8(text, at);
    const std::string_view bytes = text.substr(at, point.length);
    at += point.length;
    if (!point.valid) {
      append_escape(shown, 0xdc00 + static_cast<unsigned char>(bytes.front()));
    } else if (config::is_control(point.value)) {
      append_escape(shown, point.value);
    } else {
      if (bytes == "\\" || bytes.front() == quote) shown += '\\';
      shown += bytes;
    }
  }
  return shown + quote;
}

}  // namespace foster::cli::supervisorctl
