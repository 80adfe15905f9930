#include "compat/xml_rpc_read.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <limits>
#include <string_view>
#include <utility>

#include "compat/xml_rpc_scalar.hpp"
#include "compat/xml_text.hpp"
#include "compat/xml_tree.hpp"

namespace foster::compat {
namespace {

using Element = pugi::xml_node;

// How deep values may lie in each other.
constexpr int kMostDepth = 64;
// What the elements of a call may take, each some 64 bytes.
constexpr std::size_t kMostCallMemory = 16 << 20;
constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
// What is told of a process has fourteen.
constexpr std::size_t kUsualMembers = 14;

Failure refused(Element where, std::string_view why) {
  return failure("read XML-RPC", EBADMSG, fmt::format("byte {}: {}", where.offset_debug(), why));
}

Failure misplaced(Element element) {
  return refused(element, fmt::format("<{}> has no place here", element.name()));
}

bool is(Element element, std::string_view name) {
  return element.name() == name;
}

// Hands on all elements that an element holds, which have one name.
template <class Take>
Result<> each_in(Element parent, std::string_view name, Take take) {
  for (Element element = first_element(parent); element; element = next_element(element)) {
    if (!is(element, name)) return misplaced(element);
    if (auto taken = take(element); !taken) return taken;
  }
  return {};
}

// Of one that holds no elements.
Result<> read_text(Element element, std::string& text) {
  if (const Element inner = first_element(element)) return misplaced(inner);
  text = text_of(element);
  return {};
}

Result<> read_value(Element element, Value& value, int depth);

Result<> read_values(Element parent, Array& values, int depth) {
  return each_in(parent, "value", [&](Element element) { return read_value(element, values.emplace_back(), depth); });
}

Result<> read_member(Element parent, Member& member, int depth) {
  for (Element element = first_element(parent); element; element = next_element(element)) {
    const auto read = is(element, "name")    ? read_text(element, member.name)
                      : is(element, "value") ? read_value(element, member.value, depth)
                                             : misplaced(element);
    if (!read) return read;
  }
  return {};
}

Result<> read_scalar(Element element, ScalarType type, Value& value) {
  std::string text;
  if (auto read = read_text(element, text); !read) return read;
  auto scalar = scalar_from_text(type, std::move(text));
  if (!scalar) return refused(element, fmt::format("\"{:.40}\" is not such a value", text_of(element)));
  value = std::move(*scalar);
  return {};
}

Result<> read_value(Element element, Value& value, int depth) {
  if (depth == kMostDepth) return refused(element, "nested too deeply");
  const Element typed = first_element(element);
  if (!typed) {
    value = text_of(element);
    return {};
  }
  if (const Element second = next_element(typed)) return refused(second, "two values in one");
  if (const auto type = scalar_type(typed.name())) return read_scalar(typed, *type, value);
  if (is(typed, "array")) {
    Array& values = value.data.emplace<Array>();
    return each_in(typed, "data", [&](Element data) { return read_values(data, values, depth + 1); });
  }
  if (is(typed, "struct")) {
    Struct& members = value.data.emplace<Struct>();
    members.reserve(kUsualMembers);
    return each_in(typed, "member",
                   [&](Element member) { return read_member(member, members.emplace_back(), depth + 1); });
  }
  return misplaced(typed);
}

Result<> read_parameters(Element parent, Array& values) {
  return each_in(parent, "param", [&](Element element) { return read_values(element, values, 0); });
}

Result<Fault> fault_from(const Value& value) {
  const Value* code = value.member("faultCode");
  const Value* text = value.member("faultString");
  if (code == nullptr || !code->integer() || text == nullptr || text->string() == nullptr) {
    return failure("read XML-RPC", EBADMSG, "a fault is a code and a text");
  }
  return Fault{.code = *code->integer(), .text = *text->string()};
}

}  // namespace

Result<Call> read_call(std::string document) {
  pugi::xml_document tree;
  const auto root = parse_xml(document, tree, kMostCallMemory);
  if (!root) return Failure(root.error());
  if (!is(*root, "methodCall")) return misplaced(*root);
  Call call;
  for (Element element = first_element(*root); element; element = next_element(element)) {
    const auto read = is(element, "methodName") ? read_text(element, call.method)
                      : is(element, "params")   ? read_parameters(element, call.parameters)
                                                : misplaced(element);
    if (!read) return Failure(read.error());
  }
  if (call.method.empty()) return refused(*root, "no method is named");
  return call;
}

Result<Response> read_response(std::string document) {
  document = valid_xml_text(std::move(document));
  pugi::xml_document tree;
  const auto root = parse_xml(document, tree, kUnlimited);
  if (!root) return Failure(root.error());
  if (!is(*root, "methodResponse")) return misplaced(*root);
  Array values;
  bool is_fault = false;
  for (Element element = first_element(*root); element; element = next_element(element)) {
    const bool is_one = is(element, "fault");
    is_fault |= is_one;
    const auto read = is_one                  ? read_values(element, values, 0)
                      : is(element, "params") ? read_parameters(element, values)
                                              : misplaced(element);
    if (!read) return Failure(read.error());
  }
  if (values.size() != 1) return refused(*root, "a response is one value");
  if (is_fault) return fault_from(values.front());
  return std::move(values.front());
}

}  // namespace foster::compat
