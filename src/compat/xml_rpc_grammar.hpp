// The elements of XML-RPC and which may stand in which.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace foster::compat {

enum class Element : std::uint8_t {
  method_call,
  method_response,
  method_name,
  params,
  param,
  fault,
  value,
  array,
  data,
  structure,
  member,
  name,
  integer,
  boolean,
  string,
  real,
  date_time,
  base64,
};

/// Empty for a name that XML-RPC does not know.
[[nodiscard]] std::optional<Element> element_by_name(std::string_view name);
[[nodiscard]] bool may_stand_in(Element inner, Element outer);
/// Whether its text is a value.
[[nodiscard]] bool is_scalar(Element element);

}  // namespace foster::compat
