// Values that are texts of a type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

enum class ScalarType : std::uint8_t { string, integer, boolean, real, date_time, base64 };

/// Empty: no element of that name is such a value.
[[nodiscard]] std::optional<ScalarType> scalar_type(std::string_view element);

/// @return Empty when the text is no such value. Blanks around numbers do not matter.
[[nodiscard]] std::optional<Value> scalar_from_text(ScalarType type, std::string text);

}  // namespace foster::compat
