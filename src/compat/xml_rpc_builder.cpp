#include "compat/xml_rpc_builder.hpp"

#include <fmt/format.h>

#include <utility>

#include "compat/xml_rpc_scalar.hpp"

namespace foster::compat {
namespace {

// What is told of a process has fourteen.
constexpr std::size_t kUsualMembers = 14;

}  // namespace

bool XmlRpcBuilder::start(std::string_view name) {
  const auto element = element_by_name(name);
  const bool fits = element && (path_.empty() ? *element == root_ : may_stand_in(*element, path_.back()));
  if (!fits) return refuse(fmt::format("<{}> has no place here", name));
  if (path_.size() == kMostElementDepth) return refuse("nested too deeply");
  if (path_.size() > 0 && path_.back() == Element::value && open_.back().is_set) return refuse("two values in one");
  path_.push_back(*element);
  text_.clear();
  switch (*element) {
    case Element::value:
      open_.push_back({.element = Element::value});
      break;
    case Element::array:
      open_.push_back({.element = Element::array, .value = Array{}});
      break;
    case Element::structure:
      open_.push_back({.element = Element::structure, .value = Struct{}});
      break;
    case Element::fault:
      is_fault = true;
      break;
    default:
      break;
  }
  return true;
}

void XmlRpcBuilder::text(std::string_view piece) {
  if (path_.empty()) return;
  const Element element = path_.back();
  const bool counts =
      is_scalar(element) || element == Element::value || element == Element::name || element == Element::method_name;
  if (counts) text_ += piece;
}

bool XmlRpcBuilder::end() {
  const Element element = path_.back();
  if (is_scalar(element)) {
    if (!set_scalar(element)) return false;
  } else if (element == Element::method_name) {
    method = text_;
  } else if (element == Element::name) {
    open_.back().name = text_;
  } else if (element == Element::value) {
    end_value();
  } else if (element == Element::array || element == Element::structure) {
    close_container();
  }
  text_.clear();
  path_.pop_back();
  return true;
}

bool XmlRpcBuilder::refuse(std::string why) {
  problem = std::move(why);
  return false;
}

bool XmlRpcBuilder::set_scalar(Element type) {
  auto value = scalar_from_text(type, text_);
  if (!value) return refuse(fmt::format("\"{:.40}\" is not such a value", text_));
  open_.back().value = std::move(*value);
  open_.back().is_set = true;
  return true;
}

void XmlRpcBuilder::close_container() {
  Value whole = std::move(open_.back().value);
  open_.pop_back();
  open_.back().value = std::move(whole);
  open_.back().is_set = true;
}

void XmlRpcBuilder::end_value() {
  Value value = open_.back().is_set ? std::move(open_.back().value) : Value(text_);
  open_.pop_back();
  if (open_.empty()) {
    values.push_back(std::move(value));
  } else if (auto* array = std::get_if<Array>(&open_.back().value.data)) {
    array->push_back(std::move(value));
  } else if (auto* members = std::get_if<Struct>(&open_.back().value.data)) {
    if (members->empty()) members->reserve(kUsualMembers);
    members->push_back({std::move(open_.back().name), std::move(value)});
  }
}

}  // namespace foster::compat
