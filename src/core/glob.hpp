// Name matching for commands: "web", "web:*", "w?b", "[a-c]*".
#pragma once

#include <string_view>

namespace foster::core {

/// True if the whole of `text` matches `pattern`: `*` any run of characters, `?` one character, `[abc]`,
/// `[a-z]` and `[!a-z]` one of (or none of) a set, `\x` the character x itself. A `[` without its `]`
/// stands for itself. Takes time linear in the product of the lengths at worst.
[[nodiscard]] bool matches_glob(std::string_view pattern, std::string_view text);

/// True if `text` has a character that `matches_glob` does not take literally.
[[nodiscard]] bool is_glob(std::string_view text);

}  // namespace foster::core
