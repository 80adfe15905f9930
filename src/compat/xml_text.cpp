#include "compat/xml_text.hpp"

#include <array>

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

void append_escaped(std::string& xml, std::string_view bytes) {
  for_each_part(bytes, [&](std::string_view part) { xml += entity_of(part); });
}

}  // namespace foster::compat
