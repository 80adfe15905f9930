#include "compat/xml_rpc_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "compat/base64.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<Value> real_from(std::string_view text) {
  const auto number = number_from<double>(text);
  if (!number || !std::isfinite(*number)) return std::nullopt;
  return Value(*number);
}

std::optional<Value> boolean_from(std::string_view text) {
  text = trimmed(text);
  if (text != "0" && text != "1") return std::nullopt;
  return Value(text == "1");
}

constexpr std::pair<std::string_view, ScalarType> kTypes[] = {
    {"string", ScalarType::string},
    {"int", ScalarType::integer},
    {"i4", ScalarType::integer},
    {"i8", ScalarType::integer},
    {"boolean", ScalarType::boolean},
    {"double", ScalarType::real},
    {"dateTime.iso8601", ScalarType::date_time},
    {"base64", ScalarType::base64},
};

}  // namespace

std::optional<ScalarType> scalar_type(std::string_view element) {
  const auto* found = std::ranges::find(kTypes, element, [](const auto& row) { return row.first; });
  return found != std::end(kTypes) ? std::optional(found->second) : std::nullopt;
}

std::optional<Value> scalar_from_text(ScalarType type, std::string text) {
  switch (type) {
    case ScalarType::string:
      break;
    case ScalarType::integer: {
      const auto number = number_from<std::int64_t>(text);
      return number ? std::optional<Value>(*number) : std::nullopt;
    }
    case ScalarType::boolean:
      return boolean_from(text);
    case ScalarType::real:
      return real_from(text);
    case ScalarType::date_time:
      return Value(DateTime{std::string(trimmed(text))});
    case ScalarType::base64: {
      auto bytes = from_base64(text);
      return bytes ? std::optional<Value>(std::move(*bytes)) : std::nullopt;
    }
  }
  return Value(std::move(text));
}

}  // namespace foster::compat
