#include "compat/xml_rpc_writers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "compat/xml_text.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kBegin = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n";
constexpr std::string_view kEnd = "</param>\n</params>\n</methodResponse>\n";

// -- Parts of a document: what the program says, which has a known length, and what others have said --

template <std::size_t N>
constexpr std::size_t size_of(const char (&)[N]) {
  return N - 1;
}
std::size_t size_of(std::string_view text) {
  return text.size();
}
std::size_t size_of(const EscapedText& text) {
  return text.size();
}

template <std::size_t N>
char* put(const char (&text)[N], char* at) {
  std::memcpy(at, text, N - 1);
  return at + N - 1;
}
char* put(std::string_view text, char* at) {
  return std::copy(text.begin(), text.end(), at);
}
char* put(const EscapedText& text, char* at) {
  return text.copy_to(at);
}

// All in one step.
template <class... Parts>
void append(std::string& xml, const Parts&... parts) {
  const std::size_t before = xml.size();
  xml.resize_and_overwrite(before + (size_of(parts) + ...), [&](char* begin, std::size_t) {
    char* end = begin + before;
    ((end = put(parts, end)), ...);
    return static_cast<std::size_t>(end - begin);
  });
}

// -- What each type of value looks like, handed to whoever puts it in its place --

template <class Place>
void scalar(std::string_view text, Place place) {
  place("<value><string>", EscapedText(text), "</string></value>\n");
}
template <class Place>
void scalar(std::int64_t number, Place place) {
  const fmt::format_int digits(number);
  place("<value><int>", std::string_view(digits.data(), digits.size()), "</int></value>\n");
}
template <class Place>
void scalar(bool flag, Place place) {
  place("<value><boolean>", std::string_view(flag ? "1" : "0"), "</boolean></value>\n");
}
template <class Place>
void scalar(double number, Place place) {
  place("<value><double>", std::string_view(fmt::format("{}", number)), "</double></value>\n");
}
template <class Place>
void scalar(const DateTime& time, Place place) {
  place("<value><dateTime.iso8601>", EscapedText(time.text), "</dateTime.iso8601></value>\n");
}

auto at_end_of(std::string& xml) {
  return [&xml](const auto&... parts) { append(xml, parts...); };
}
auto as_member_of(std::string& xml, std::string_view plain_name) {
  return [&xml, plain_name](const auto&... parts) {
    append(xml, "<member>\n<name>", plain_name, "</name>\n", parts..., "</member>\n");
  };
}

struct Visitor {
  std::string& xml;

  void operator()(const std::string& text) const { scalar(std::string_view(text), at_end_of(xml)); }
  void operator()(const auto& one) const { scalar(one, at_end_of(xml)); }
  void operator()(const Array& array) const {
    const ArrayWriter elements(xml);
    for (const Value& value : array) append_value(xml, value);
  }
  void operator()(const Struct& members) const {
    const StructWriter writer(xml);
    for (const Member& member : members) {
      append(xml, "<member>\n<name>", EscapedText(member.name), "</name>\n");
      append_value(xml, member.value);
      append(xml, "</member>\n");
    }
  }
};

}  // namespace

void append_value(std::string& xml, const Value& value) {
  std::visit(Visitor{xml}, value.data);
}

ArrayWriter::ArrayWriter(std::string& xml) : xml_(xml) {
  append(xml_, "<value><array><data>\n");
}

ArrayWriter::~ArrayWriter() {
  append(xml_, "</data></array></value>\n");
}

StructWriter::StructWriter(std::string& xml) : xml_(xml) {
  append(xml_, "<value><struct>\n");
}

StructWriter::~StructWriter() {
  append(xml_, "</struct></value>\n");
}

void StructWriter::text(Name name, std::string_view text) {
  scalar(text, as_member_of(xml_, name.text()));
}

void StructWriter::number(Name name, std::int64_t number) {
  scalar(number, as_member_of(xml_, name.text()));
}

void StructWriter::flag(Name name, bool flag) {
  scalar(flag, as_member_of(xml_, name.text()));
}

void StructWriter::value(Name name, const Value& value) {
  append(xml_, "<member>\n<name>", name.text(), "</name>\n");
  append_value(xml_, value);
  append(xml_, "</member>\n");
}

XmlValue::XmlValue() : document_(kBegin) {}

std::string_view XmlValue::text() const {
  return std::string_view(document_).substr(kBegin.size());
}

std::string XmlValue::document() && {
  document_ += kEnd;
  return std::move(document_);
}

}  // namespace foster::compat
