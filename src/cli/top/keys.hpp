// Keys out of the bytes that a terminal sends.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace foster::cli::top {

struct Key {
  enum class Kind : std::uint8_t {
    character,
    up,
    down,
    left,
    right,
    page_up,
    page_down,
    home,
    end,
    enter,
    escape,
    backspace,
  };
  Kind kind = Kind::character;
  char32_t character = 0;  ///< Of `character`; a control character is its own number.
  friend bool operator==(const Key&, const Key&) = default;
};

/// Sequences may arrive in pieces. Unknown ones are passed over whole, so that no part of them acts as a key.
class KeyReader {
 public:
  /// The keys that are whole now.
  [[nodiscard]] std::vector<Key> take(std::string_view bytes);

  /// Something has begun: an escape that is a key of its own, or what a sequence begins with. Only time tells.
  [[nodiscard]] bool is_waiting() const { return !rest_.empty(); }
  /// Nothing followed for a while.
  [[nodiscard]] std::vector<Key> give_up();

 private:
  std::string rest_;
};

}  // namespace foster::cli::top
