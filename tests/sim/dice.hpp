// Chance that can be asked again: a number follows from what it is for, not from how often somebody asked before.
// So a story from which a step was taken away meets the same world.
#pragma once

#include <cstdint>

namespace foster::sim {

constexpr std::uint64_t mix(std::uint64_t word) {
  word += 0x9E3779B97F4A7C15ULL;
  word = (word ^ (word >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  word = (word ^ (word >> 27U)) * 0x94D049BB133111EBULL;
  return word ^ (word >> 31U);
}

template <class... What>
constexpr std::uint64_t roll(std::uint64_t seed, What... what) {
  std::uint64_t word = mix(seed);
  ((word = mix(word ^ static_cast<std::uint64_t>(what))), ...);
  return word;
}

/// True in `percent` of the cases.
template <class... What>
constexpr bool chance(unsigned percent, std::uint64_t seed, What... what) {
  return roll(seed, what...) % 100 < percent;
}

/// A sequence, for making things up from a seed.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : word_(mix(seed)) {}
  /// From 0 to `sides - 1`.
  unsigned throw_one(unsigned sides) {
    word_ = mix(word_);
    return static_cast<unsigned>((word_ >> 16U) % sides);
  }
  bool throw_under(unsigned percent) { return throw_one(100) < percent; }

 private:
  std::uint64_t word_;
};

}  // namespace foster::sim
