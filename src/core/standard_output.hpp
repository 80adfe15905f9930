// Logs that go where the supervisor itself writes to.
#pragma once

#include <optional>
#include <string_view>

#include "core/model.hpp"

namespace foster::core {

/// The stream of the supervisor's own that is meant by a name like "/dev/stdout"; empty: a file like any other.
[[nodiscard]] std::optional<Stream> standard_stream(std::string_view path);

}  // namespace foster::core
