// Logs that go where the supervisor itself writes to.
#pragma once

#include <optional>
#include <string_view>

namespace foster::core {

/// The descriptor that is meant by a name like "/dev/stdout"; empty: a file like any other.
[[nodiscard]] std::optional<int> standard_descriptor(std::string_view path);

}  // namespace foster::core
