#include "compat/xml_rpc_grammar.hpp"

#include <algorithm>
#include <utility>

namespace foster::compat {
namespace {

using enum Element;

// The frequent ones first.
constexpr std::pair<std::string_view, Element> kNames[] = {
    {"value", value},
    {"member", member},
    {"name", name},
    {"string", string},
    {"int", integer},
    {"boolean", boolean},
    {"struct", structure},
    {"array", array},
    {"data", data},
    {"param", param},
    {"params", params},
    {"methodName", method_name},
    {"methodCall", method_call},
    {"methodResponse", method_response},
    {"fault", fault},
    {"i4", integer},
    {"i8", integer},
    {"double", real},
    {"dateTime.iso8601", date_time},
    {"base64", base64},
};

}  // namespace

std::optional<Element> element_by_name(std::string_view text) {
  const auto* found = std::ranges::find(kNames, text, [](const auto& row) { return row.first; });
  return found != std::end(kNames) ? std::optional(found->second) : std::nullopt;
}

bool may_stand_in(Element inner, Element outer) {
  switch (inner) {
    case method_call:
    case method_response:
      return false;
    case method_name:
      return outer == method_call;
    case params:
      return outer == method_call || outer == method_response;
    case param:
      return outer == params;
    case fault:
      return outer == method_response;
    case value:
      return outer == param || outer == fault || outer == data || outer == member;
    case data:
      return outer == array;
    case member:
      return outer == structure;
    case name:
      return outer == member;
    default:
      return outer == value;
  }
}

bool is_scalar(Element element) {
  return element >= integer;
}

}  // namespace foster::compat
