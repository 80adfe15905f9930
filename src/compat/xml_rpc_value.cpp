#include "compat/xml_rpc_value.hpp"

#include <algorithm>

namespace foster::compat {

const Value* Value::member(std::string_view name) const {
  const Struct* members = structure();
  if (members == nullptr) return nullptr;
  const auto found = std::ranges::find(*members, name, &Member::name);
  return found != members->end() ? &found->value : nullptr;
}

}  // namespace foster::compat
