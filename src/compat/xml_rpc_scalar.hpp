// The texts of typed values.
#pragma once

#include <optional>
#include <string_view>

#include "compat/xml_rpc_grammar.hpp"
#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// @param type One for which `is_scalar` holds.
/// @return Empty when the text is no such value. Blanks around numbers do not matter.
[[nodiscard]] std::optional<Value> scalar_from_text(Element type, std::string_view text);

}  // namespace foster::compat
