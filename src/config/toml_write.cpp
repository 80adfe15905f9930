#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "config/toml.hpp"
#include "config/utf8.hpp"

namespace foster::config {

namespace {

class TomlWriter {
 public:
  void write(const RawTable& table) {
    for (const RawEntry& entry : table.entries()) {
      if (entry.value.as<RawTable>() == nullptr) line(entry);
    }
    for (const RawEntry& entry : table.entries()) {
      if (const auto* inner = entry.value.as<RawTable>()) sections(entry, *inner);
    }
  }

  std::string take() && { return std::move(text_); }

  // -- Values, within a line --

  void operator()(const RawTable& table) {
    const auto* separator = "{ ";
    for (const RawEntry& entry : table.entries()) {
      text_ += std::exchange(separator, ", ");
      key(entry.key);
      text_ += " = ";
      std::visit(*this, entry.value.value());
    }
    text_ += table.entries().empty() ? "{}" : " }";
  }
  void operator()(const RawArray& array) {
    text_ += '[';
    const auto* separator = "";
    for (const Raw& element : array) {
      text_ += std::exchange(separator, ", ");
      std::visit(*this, element.value());
    }
    text_ += ']';
  }
  void operator()(const std::string& text) { quoted(text); }
  void operator()(std::int64_t number) { text_ += fmt::format("{}", number); }
  void operator()(double number) {
    std::string digits = fmt::format("{}", number);
    // Without a point or an exponent it would come back as an integer.
    if (std::isfinite(number) && digits.find_first_of(".e") == std::string::npos) digits += ".0";
    text_ += digits;
  }
  void operator()(bool value) { text_ += value ? "true" : "false"; }
  void operator()(const RawOther&) { quoted(""); }

 private:
  void quoted(std::string_view text) {
    text_ += '"';
    for (std::size_t at = 0; at < text.size();) {
      const auto plain = std::ranges::find_if_not(text.substr(at), is_plain) - text.begin();
      text_.append(text, at, static_cast<std::size_t>(plain) - at);
      at = static_cast<std::size_t>(plain);
      if (at == text.size()) break;
      const CodePoint point = decode_utf8(text, at);
      escaped(point, text.substr(at, point.length));
      at += point.length;
    }
    text_ += '"';
  }

  // Itself in a string, and a whole character.
  static bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

  void escaped(const CodePoint& point, std::string_view bytes) {
    if (point.value == U'"' || point.value == U'\\') {
      text_ += '\\';
      text_ += bytes;
    } else if (point.value == U'\n') {
      text_ += "\\n";
    } else if (point.value == U'\t') {
      text_ += "\\t";
    } else if (point.valid && is_control(point.value)) {
      text_ += fmt::format("\\u{:04X}", static_cast<unsigned>(point.value));
    } else {
      text_ += bytes;
    }
  }

  void key(std::string_view name) {
    const auto is_bare = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (!name.empty() && std::ranges::all_of(name, is_bare)) {
      text_ += name;
    } else {
      quoted(name);
    }
  }

  void line(const RawEntry& entry) {
    key(entry.key);
    text_ += " = ";
    std::visit(*this, entry.value.value());
    text_ += '\n';
  }

  // A table whose values are tables becomes one section each; other values stay in a section of its own.
  void sections(const RawEntry& outer, const RawTable& table) {
    const auto is_section = [](const RawEntry& entry) { return entry.value.as<RawTable>() != nullptr; };
    if (table.entries().empty() || !std::ranges::all_of(table.entries(), is_section)) {
      text_ += "\n[";
      key(outer.key);
      text_ += "]\n";
    }
    for (const RawEntry& entry : table.entries()) {
      if (!is_section(entry)) line(entry);
    }
    for (const RawEntry& entry : table.entries()) {
      if (is_section(entry)) section(outer, entry);
    }
  }

  void section(const RawEntry& outer, const RawEntry& entry) {
    text_ += "\n[";
    key(outer.key);
    text_ += '.';
    key(entry.key);
    text_ += "]\n";
    for (const RawEntry& own : entry.value.as<RawTable>()->entries()) line(own);
  }

  std::string text_;
};

}  // namespace

std::string write_toml(const RawTable& table) {
  TomlWriter writer;
  writer.write(table);
  return std::move(writer).take();
}

}  // namespace foster::config
