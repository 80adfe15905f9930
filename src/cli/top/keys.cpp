#include "cli/top/keys.hpp"

#include <optional>
#include <utility>

#include "config/utf8.hpp"

namespace foster::cli::top {
namespace {

constexpr char kEscape = '\x1b';
// A sequence that goes on for longer than any key's is no key.
constexpr std::size_t kLongestSequence = 32;

std::optional<Key> key_of_letter(char letter) {
  switch (letter) {
    case 'A':
      return Key{Key::Kind::up};
    case 'B':
      return Key{Key::Kind::down};
    case 'C':
      return Key{Key::Kind::right};
    case 'D':
      return Key{Key::Kind::left};
    case 'H':
      return Key{Key::Kind::home};
    case 'F':
      return Key{Key::Kind::end};
    default:
      return std::nullopt;
  }
}

// "CSI 5 ~" and the like, also with modifiers: "CSI 5 ; 2 ~".
std::optional<Key> key_of_number(std::string_view parameters) {
  const std::string_view number = parameters.substr(0, parameters.find(';'));
  if (number == "1" || number == "7") return Key{Key::Kind::home};
  if (number == "4" || number == "8") return Key{Key::Kind::end};
  if (number == "5") return Key{Key::Kind::page_up};
  if (number == "6") return Key{Key::Kind::page_down};
  return std::nullopt;
}

Key key_of_byte(char byte) {
  switch (byte) {
    case '\r':
    case '\n':
      return {Key::Kind::enter};
    case '\x7f':
    case '\b':
      return {Key::Kind::backspace};
    default:
      return {Key::Kind::character, static_cast<unsigned char>(byte)};
  }
}

struct Token {
  std::size_t length = 0;  ///< 0: not whole yet.
  std::optional<Key> key = {};
};

Token read_control_sequence(std::string_view bytes) {
  for (std::size_t at = 2; at < bytes.size(); ++at) {
    const char byte = bytes[at];
    if (byte == kEscape) return {.length = at};  // another sequence begins: this one was cut
    if (byte < '@' || byte > '~') continue;
    // The console of Linux sends "CSI [ A" for its function keys.
    if (at == 2 && byte == '[') return {.length = bytes.size() > 3 ? 4U : 0U};
    return {.length = at + 1, .key = byte == '~' ? key_of_number(bytes.substr(2, at - 2)) : key_of_letter(byte)};
  }
  return {.length = bytes.size() > kLongestSequence ? bytes.size() : 0};
}

Token read_escape(std::string_view bytes) {
  if (bytes.size() == 1) return {};
  if (bytes[1] == '[') return read_control_sequence(bytes);
  if (bytes[1] == 'O') {
    if (bytes.size() == 2) return {};
    return {.length = 3, .key = key_of_letter(bytes[2])};
  }
  if (bytes[1] == kEscape) return {.length = 1, .key = Key{Key::Kind::escape}};
  return {.length = 2};  // a key together with Alt: none of ours
}

Token read_character(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes.front());
  if (lead < 0x80) return {.length = 1, .key = key_of_byte(bytes.front())};
  const auto point = config::decode_utf8(bytes, 0);
  if (point.valid) return {.length = point.length, .key = Key{Key::Kind::character, point.value}};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  return {.length = bytes.size() < length ? 0U : 1U};
}

}  // namespace

std::vector<Key> KeyReader::take(std::string_view bytes) {
  rest_ += bytes;
  std::vector<Key> keys;
  std::string_view left = rest_;
  while (!left.empty()) {
    const Token token = left.front() == kEscape ? read_escape(left) : read_character(left);
    if (token.length == 0) break;
    if (token.key) keys.push_back(*token.key);
    left.remove_prefix(token.length);
  }
  rest_ = std::string(left);
  return keys;
}

std::vector<Key> KeyReader::give_up() {
  const std::string rest = std::exchange(rest_, {});
  if (rest == std::string(1, kEscape)) return {Key{Key::Kind::escape}};
  return {};
}

}  // namespace foster::cli::top
