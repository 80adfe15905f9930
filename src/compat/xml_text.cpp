#include "compat/xml_text.hpp"

#include "config/utf8.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

bool is_plain(char c) {
  return (c >= ' ' && c < 0x7f) || c == '\n' || c == '\t';
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

void append_run(std::string& xml, std::string_view run) {
  for (const char c : run) {
    switch (c) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '>':
        xml += "&gt;";
        break;
      case '\r':
        xml += "&#13;";  // a parser would make a line feed of it
        break;
      default:
        xml += c;
    }
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
  for_each_part(bytes, [&](std::string_view part) { append_run(xml, part.empty() ? kReplacement : part); });
}

}  // namespace foster::compat
