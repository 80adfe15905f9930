#include "compat/base64.hpp"

#include <cstdint>

namespace foster::compat {
namespace {

constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr int kBitsOfDigit = 6;
constexpr int kDigitsOfGroup = 4;

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    count += 8;
    while (count >= kBitsOfDigit) {
      count -= kBitsOfDigit;
      text += kDigits[bits >> count & 63];
    }
  }
  if (count > 0) text += kDigits[bits << (kBitsOfDigit - count) & 63];
  while (text.size() % kDigitsOfGroup != 0) text += '=';
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  int digits = 0;
  int padding = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const auto digit = kDigits.find(c);
    if (digit == std::string_view::npos || padding > 0) return std::nullopt;
    ++digits;
    bits = bits << kBitsOfDigit | static_cast<std::uint32_t>(digit);
    count += kBitsOfDigit;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  if ((digits + padding) % kDigitsOfGroup != 0 || padding > 2) return std::nullopt;
  return bytes;
}

}  // namespace foster::compat
