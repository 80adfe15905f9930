#include "config/utf8.hpp"

#include <algorithm>
#include <array>

namespace foster::config {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr bool in_any(char32_t value, const auto& ranges) {
  return std::ranges::any_of(ranges, [=](Range range) { return range.first <= value && value <= range.last; });
}

// The blocks of combining marks and joiners that people use in configs; not the whole of Unicode.
constexpr std::array kZeroWidth{Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD},
                                Range{0x064B, 0x065F}, Range{0x1AB0, 0x1AFF}, Range{0x1DC0, 0x1DFF},
                                Range{0x200B, 0x200D}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F},
                                Range{0xFE20, 0xFE2F}, Range{0xFEFF, 0xFEFF}};

// East Asian wide and full-width forms, and emoji.
constexpr std::array kDoubleWidth{Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0x33FF},
                                  Range{0x3400, 0x4DBF},   Range{0x4E00, 0x9FFF},   Range{0xA000, 0xA4CF},
                                  Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},
                                  Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},   Range{0x1F300, 0x1F64F},
                                  Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1FAFF}, Range{0x20000, 0x3FFFD}};

// Overrides of the writing direction could make a terminal show another line than the file holds.
constexpr std::array kControls{Range{0x00, 0x1F}, Range{0x7F, 0x9F}, Range{0x200E, 0x200F}, Range{0x2028, 0x202E},
                               Range{0x2066, 0x2069}};

constexpr CodePoint kInvalid{.value = 0xFFFD, .length = 1, .valid = false};

}  // namespace

CodePoint decode_utf8(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(text[at + n]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {.value = lead, .length = 1, .valid = true};
  std::size_t length = 0;
  char32_t value = 0;
  char32_t smallest = 0;
  if ((lead & 0xE0U) == 0xC0) {
    length = 2, value = lead & 0x1FU, smallest = 0x80;
  } else if ((lead & 0xF0U) == 0xE0) {
    length = 3, value = lead & 0x0FU, smallest = 0x800;
  } else if ((lead & 0xF8U) == 0xF0) {
    length = 4, value = lead & 0x07U, smallest = 0x10000;
  } else {
    return kInvalid;
  }
  if (at + length > text.size()) return kInvalid;
  for (std::size_t n = 1; n < length; ++n) {
    if ((byte(n) & 0xC0U) != 0x80) return kInvalid;
    value = (value << 6U) | (byte(n) & 0x3FU);
  }
  if (value < smallest || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return kInvalid;
  return {.value = value, .length = length, .valid = true};
}

void append_utf8(std::string& text, char32_t value) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(static_cast<unsigned char>(byte)); };
  const auto continuation = [&](unsigned shift) { put(0x80U | ((value >> shift) & 0x3FU)); };
  if (value < 0x80) {
    put(value);
  } else if (value < 0x800) {
    put(0xC0U | (value >> 6U)), continuation(0);
  } else if (value < 0x10000) {
    put(0xE0U | (value >> 12U)), continuation(6), continuation(0);
  } else {
    put(0xF0U | (value >> 18U)), continuation(12), continuation(6), continuation(0);
  }
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    if (!point.valid) return false;
    at += point.length;
  }
  return true;
}

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); ++count) at += decode_utf8(text, at).length;
  return count;
}

std::size_t byte_offset(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (std::size_t n = 0; n < index && at < text.size(); ++n) at += decode_utf8(text, at).length;
  return at;
}

bool is_control(char32_t value) {
  return in_any(value, kControls);
}

std::size_t display_width(char32_t value) {
  if (in_any(value, kZeroWidth)) return 0;
  return in_any(value, kDoubleWidth) ? 2 : 1;
}

}  // namespace foster::config
