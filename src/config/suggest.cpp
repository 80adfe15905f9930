#include "config/suggest.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include <fmt/format.h>

namespace foster::config {

namespace {

// Longer words are no typing errors of a key, and the cost is the product of the lengths.
constexpr std::size_t kMaxWord = 64;

// Case, and the choice between "_", "-" and nothing, are the likeliest slips; they cost nothing.
std::string folded(std::string_view word) {
  std::string result;
  for (const char c : word) {
    if (c != '-' && c != '_' && c != ' ') result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::vector<std::size_t>> cost(left.size() + 1, std::vector<std::size_t>(right.size() + 1));
  for (std::size_t i = 0; i <= left.size(); ++i) cost[i][0] = i;
  for (std::size_t j = 0; j <= right.size(); ++j) cost[0][j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = cost[i - 1][j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      cost[i][j] = std::min({replaced, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[left.size()][right.size()];
}

std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> known) {
  if (word.size() > kMaxWord) return std::nullopt;
  const std::string typed = folded(word);
  std::optional<std::string_view> best;
  std::size_t best_distance = 0;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kMaxWord) continue;
    const std::string wanted = folded(candidate);
    const std::size_t distance = edit_distance(typed, wanted);
    const std::size_t allowed = std::max<std::size_t>(1, std::max(typed.size(), wanted.size()) / 3);
    // A word of which nothing is left is another word.
    if (distance > allowed || distance >= std::max(typed.size(), wanted.size())) continue;
    if (!best || distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const auto found = nearest(word, known);
  return found ? fmt::format("did you mean \"{}\"?", *found) : std::string();
}

}  // namespace foster::config
