// RFC 4648 base64, as XML-RPC and HTTP's basic authentication use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace foster::compat {

[[nodiscard]] std::string to_base64(std::string_view bytes);

/// Blanks and line ends may stand anywhere.
/// @return Empty for other characters, or when the last group is cut short.
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);

}  // namespace foster::compat
