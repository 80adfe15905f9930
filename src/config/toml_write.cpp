#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "config/toml.hpp"
#include "config/utf8.hpp"

namespace foster::config {

namespace {

std::string toml_quoted(std::string_view text) {
  std::string result = "\"";
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const std::string_view bytes = text.substr(at, point.length);
    at += point.length;
    if (point.value == U'"' || point.value == U'\\') {
      result += '\\';
      result += bytes;
    } else if (point.value == U'\n') {
      result += "\\n";
    } else if (point.value == U'\t') {
      result += "\\t";
    } else if (point.valid && is_control(point.value)) {
      result += fmt::format("\\u{:04X}", static_cast<unsigned>(point.value));
    } else {
      result += bytes;
    }
  }
  return result + "\"";
}

std::string key_text(std::string_view key) {
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !key.empty() && std::ranges::all_of(key, is_bare) ? std::string(key) : toml_quoted(key);
}

struct Inline {
  std::string operator()(const RawTable& table) const {
    std::string text = "{";
    for (const RawEntry& entry : table.entries()) {
      text += fmt::format("{} {} = {}", text.size() > 1 ? "," : "", key_text(entry.key),
                          std::visit(*this, entry.value.value()));
    }
    return text + (text.size() > 1 ? " }" : "}");
  }
  std::string operator()(const RawArray& array) const {
    std::string text = "[";
    for (const Raw& element : array) {
      text += text.size() > 1 ? ", " : "";
      text += std::visit(*this, element.value());
    }
    return text + "]";
  }
  std::string operator()(const std::string& text) const { return toml_quoted(text); }
  std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
  std::string operator()(double number) const {
    std::string text = fmt::format("{}", number);
    // Without a point or an exponent it would come back as an integer.
    if (std::isfinite(number) && text.find_first_of(".e") == std::string::npos) text += ".0";
    return text;
  }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const RawOther&) const { return toml_quoted(""); }
};

std::string line(const RawEntry& entry) {
  return fmt::format("{} = {}\n", key_text(entry.key), std::visit(Inline{}, entry.value.value()));
}

std::string lines(const RawTable& table) {
  std::string text;
  for (const RawEntry& entry : table.entries()) text += line(entry);
  return text;
}

// A table whose values are tables becomes one section each; other values stay in a section of its own.
std::string sections(const RawEntry& outer, const RawTable& table) {
  std::string own;
  std::string inner;
  for (const RawEntry& entry : table.entries()) {
    if (const auto* section = entry.value.as<RawTable>()) {
      inner += fmt::format("\n[{}.{}]\n{}", key_text(outer.key), key_text(entry.key), lines(*section));
    } else {
      own += line(entry);
    }
  }
  if (own.empty() && !inner.empty()) return inner;
  return fmt::format("\n[{}]\n{}{}", key_text(outer.key), own, inner);
}

}  // namespace

std::string write_toml(const RawTable& table) {
  std::string text;
  std::string rest;
  for (const RawEntry& entry : table.entries()) {
    if (const auto* inner = entry.value.as<RawTable>()) {
      rest += sections(entry, *inner);
    } else {
      text += line(entry);
    }
  }
  return text + rest;
}

}  // namespace foster::config
