#include "core/glob.hpp"

#include <optional>

namespace foster::core {
namespace {

struct OneCharacter {
  bool matches;
  std::size_t length;  // of the pattern's part that stands for the character
};

// The set that begins at `pattern[0] == '['`; empty if it is never closed.
std::optional<OneCharacter> match_set(std::string_view pattern, char c) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  for (const std::size_t first = at; at < pattern.size(); ++at) {
    if (pattern[at] == ']' && at > first) return OneCharacter{found != negated, at + 1};
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      found = found || (pattern[at] <= c && c <= pattern[at + 2]);
      at += 2;
    } else {
      found = found || pattern[at] == c;
    }
  }
  return std::nullopt;
}

OneCharacter match_one(std::string_view pattern, char c) {
  if (pattern[0] == '?') return {true, 1};
  if (pattern[0] == '[') {
    if (const auto set = match_set(pattern, c)) return *set;
  }
  if (pattern[0] == '\\' && pattern.size() > 1) return {pattern[1] == c, 2};
  return {pattern[0] == c, 1};
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  // Where to go on when a `*` has to take one character more; only the last star ever matters.
  std::optional<std::size_t> star;
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
      continue;
    }
    if (p < pattern.size()) {
      if (const OneCharacter one = match_one(pattern.substr(p), text[t]); one.matches) {
        p += one.length;
        ++t;
        continue;
      }
    }
    if (!star) return false;
    p = *star + 1;
    t = ++taken;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_glob(std::string_view text) {
  return text.find_first_of("*?[\\") != std::string_view::npos;
}

}  // namespace foster::core
