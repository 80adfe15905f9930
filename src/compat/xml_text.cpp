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

constexpr std::size_t kAtATime = sizeof(std::uint64_t);

// Nothing, if all eight bytes lie between blank and tilde and none is markup. Each of the terms has the highest bit of
// every byte that it is about; a borrow can set that of others, but only beside one that is rightly set.
std::uint64_t special_in(const char* eight) {
  constexpr std::uint64_t kEach = 0x0101010101010101;
  std::uint64_t bytes = 0;
  std::memcpy(&bytes, eight, sizeof bytes);
  const auto zero_in = [](std::uint64_t differing) { return (differing - kEach) & ~differing; };
  const std::uint64_t control = (bytes - kEach * ' ') & ~bytes;
  const std::uint64_t angle = zero_in((bytes | kEach * 2) ^ kEach * '>');  // '<' differs from it in that bit alone
  const std::uint64_t other = bytes | zero_in(bytes ^ kEach * '&') | zero_in(bytes ^ kEach * 0x7f);
  return (control | angle | other) & kEach * 0x80;
}

// Whether all of it stands for itself; false also for some text that does. What is left of eight by eight is looked at
// together with some that were.
bool is_plain_text(std::string_view bytes) {
  if (bytes.size() < kAtATime) return std::ranges::all_of(bytes, is_plain);
  const std::size_t last = bytes.size() - kAtATime;
  std::uint64_t special = special_in(bytes.data() + last);
  for (std::size_t at = 0; at < last; at += kAtATime) special |= special_in(bytes.data() + at);
  return special == 0;
}

bool is_expressible(char32_t value) {
  if (value < 0x20) return value == '\t' || value == '\n' || value == '\r';
  return value != 0xfffe && value != 0xffff;
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
    const auto point = config::decode_utf8(bytes, at);
    const bool stays = point.valid && is_expressible(point.value);
    sink(stays ? bytes.substr(at, point.length) : std::string_view{});
    at += point.length;
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

std::string valid_xml_text(std::string_view bytes) {
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
