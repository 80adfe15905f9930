#include "compat/xml_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "config/utf8.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// What stands for itself, whatever is around it.
constexpr auto kPlain = [] {
  std::array<bool, 256> plain{};
  for (std::size_t c = ' '; c < 0x7f; ++c) plain.at(c) = true;
  for (const char c : {'\n', '\t'}) plain.at(static_cast<std::size_t>(c)) = true;
  for (const char c : {'&', '<', '>'}) plain.at(static_cast<std::size_t>(c)) = false;
  return plain;
}();

bool is_plain(char c) {
  return kPlain[static_cast<unsigned char>(c)];
}

// As many bytes as a register of every machine has, compared at once: what holds for a byte is 0xff there, or 0.
using Bytes [[gnu::vector_size(16)]] = unsigned char;
constexpr std::size_t kAtATime = sizeof(Bytes);

Bytes load(const char* from) {
  Bytes bytes;
  std::memcpy(&bytes, from, sizeof bytes);
  return bytes;
}

bool is_anywhere(Bytes truths) {
  std::uint64_t halves[2];
  std::memcpy(halves, &truths, sizeof halves);
  return (halves[0] | halves[1]) != 0;
}

// No ASCII, or a control character.
Bytes strange(Bytes bytes) {
  return Bytes(bytes < ' ') | Bytes(bytes > '~');
}
Bytes line_or_tab(Bytes bytes) {
  return Bytes(bytes == '\n') | Bytes(bytes == '\r') | Bytes(bytes == '\t');
}
Bytes markup(Bytes bytes) {
  return Bytes(bytes == '<') | Bytes(bytes == '>') | Bytes(bytes == '&');
}

// Whether all of it stands for itself; false also for some text that does. What is left at the end is looked at
// together with some that was.
bool is_plain_text(std::string_view bytes) {
  if (bytes.size() < kAtATime) return std::ranges::all_of(bytes, is_plain);
  const std::size_t last = bytes.size() - kAtATime;
  const auto special_at = [&](std::size_t at) {
    const Bytes some = load(bytes.data() + at);
    return strange(some) | markup(some);
  };
  Bytes found = special_at(last);
  for (std::size_t at = 0; at < last; at += kAtATime) found |= special_at(at);
  return !is_anywhere(found);
}

bool is_expressible(char32_t value) {
  if (value < 0x20) return value == '\t' || value == '\n' || value == '\r';
  return value != 0xfffe && value != 0xffff;
}

struct Character {
  std::size_t length;
  bool is_expressible;
};
Character character_at(std::string_view bytes, std::size_t at) {
  const auto point = config::decode_utf8(bytes, at);
  return {.length = point.length, .is_expressible = point.valid && is_expressible(point.value)};
}

// Hands on runs of bytes that may stay, and what else there is, one at a time: empty for what has to be replaced.
template <class Sink>
void for_each_part(std::string_view bytes, Sink sink) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const std::size_t begin = at;
    while (at < bytes.size() && is_plain(bytes[at])) ++at;
    if (at > begin) {
      sink(bytes.substr(begin, at - begin));
      continue;
    }
    const Character character = character_at(bytes, at);
    sink(character.is_expressible ? bytes.substr(at, character.length) : std::string_view{});
    at += character.length;
  }
}

std::string_view entity_of(std::string_view part) {
  if (part.empty()) return kReplacement;
  switch (part.front()) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\r':
      return "&#13;";  // a parser would make a line feed of it
    default:
      return part;
  }
}

}  // namespace

bool is_xml_text(std::string_view bytes) {
  const auto is_simple_at = [&](std::size_t at) {
    const Bytes some = load(bytes.data() + at);
    return !is_anywhere(strange(some) & ~line_or_tab(some));
  };
  for (std::size_t at = 0; at < bytes.size();) {
    if (bytes.size() - at >= kAtATime && is_simple_at(at)) {
      at += kAtATime;
      continue;
    }
    const Character character = character_at(bytes, at);
    if (!character.is_expressible) return false;
    at += character.length;
  }
  return true;
}

std::string valid_xml_text(std::string bytes) {
  if (is_xml_text(bytes)) return bytes;
  std::string text;
  text.reserve(bytes.size());
  for_each_part(bytes, [&](std::string_view part) { text += part.empty() ? kReplacement : part; });
  return text;
}

EscapedText::EscapedText(std::string_view bytes)
    : bytes_(bytes), is_plain_(is_plain_text(bytes)), size_(is_plain_ ? bytes.size() : 0) {
  if (!is_plain_) for_each_part(bytes, [this](std::string_view part) { size_ += entity_of(part).size(); });
}

char* EscapedText::copy_to(char* begin) const {
  const auto copy = [](std::string_view text, char* to) { return std::copy(text.begin(), text.end(), to); };
  if (is_plain_) return copy(bytes_, begin);
  for_each_part(bytes_, [&](std::string_view part) { begin = copy(entity_of(part), begin); });
  return begin;
}

void append_escaped(std::string& xml, std::string_view bytes) {
  for_each_part(bytes, [&](std::string_view part) { xml += entity_of(part); });
}

}  // namespace foster::compat
