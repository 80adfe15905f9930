#include "config/json.hpp"

#include <limits>

#include <fmt/format.h>
#include <boost/json.hpp>

namespace foster::config {

namespace json = boost::json;

namespace {

RawTable table_from(const json::object& object);

Raw raw_from(const json::value& value) {
  switch (value.kind()) {
    case json::kind::object:
      return Raw(table_from(value.get_object()));
    case json::kind::array: {
      RawArray array;
      for (const json::value& element : value.get_array()) array.push_back(raw_from(element));
      return Raw(std::move(array));
    }
    case json::kind::string:
      return Raw(std::string(value.get_string()));
    case json::kind::bool_:
      return Raw(value.get_bool());
    case json::kind::int64:
      return Raw(value.get_int64());
    case json::kind::uint64:
      return Raw(static_cast<double>(value.get_uint64()));
    case json::kind::double_:
      return Raw(value.get_double());
    case json::kind::null:
      break;
  }
  return Raw(RawOther{.word = "null"});
}

RawTable table_from(const json::object& object) {
  RawTable table;
  for (const auto& member : object) table.append(std::string(member.key()), raw_from(member.value()));
  return table;
}

json::object object_from(const RawTable& table);

struct ToJson {
  json::value operator()(const RawTable& table) const { return object_from(table); }
  json::value operator()(const RawArray& array) const {
    json::array values;
    for (const Raw& element : array) values.push_back(std::visit(*this, element.value()));
    return values;
  }
  json::value operator()(const std::string& text) const { return json::string(text); }
  json::value operator()(std::int64_t number) const { return number; }
  json::value operator()(double number) const { return number; }
  json::value operator()(bool value) const { return value; }
  json::value operator()(const RawOther&) const { return nullptr; }
};

json::object object_from(const RawTable& table) {
  json::object object;
  for (const RawEntry& entry : table.entries()) object[entry.key] = std::visit(ToJson{}, entry.value.value());
  return object;
}

}  // namespace

std::expected<RawTable, std::string> parse_json(std::string_view text) {
  json::error_code error;
  json::stream_parser parser;
  const std::size_t read = parser.write_some(json::string_view(text.data(), text.size()), error);
  if (!error && read < text.size()) {
    return std::unexpected(fmt::format("the JSON is not valid: something follows it at byte {}", read));
  }
  if (!error) parser.finish(error);
  if (error) return std::unexpected(fmt::format("the JSON is not valid at byte {}: {}", read, error.message()));
  const json::value value = parser.release();
  if (!value.is_object()) return std::unexpected(std::string("the JSON is not an object"));
  return table_from(value.get_object());
}

std::string write_json(const RawTable& table) {
  return json::serialize(object_from(table));
}

}  // namespace foster::config
