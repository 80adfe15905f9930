#include "compat/xml_rpc_write.hpp"

#include <fmt/format.h>

#include <span>

#include "compat/xml_text.hpp"

namespace foster::compat {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kDeclaration = "<?xml version='1.0'?>\n";

void append_value(std::string& xml, const Value& value);

// An answer about all processes has some ten thousand elements, and clients ask for it again and again: few pieces, of
// known length, and no format that is read each time.
struct Writer {
  std::string& xml;

  void operator()(const std::string& text) const {
    xml += "<string>"sv;
    append_escaped(xml, text);
    xml += "</string>"sv;
  }
  void operator()(std::int64_t number) const {
    xml += "<int>"sv;
    const fmt::format_int digits(number);
    xml.append(digits.data(), digits.size());
    xml += "</int>"sv;
  }
  void operator()(bool flag) const { xml += flag ? "<boolean>1</boolean>"sv : "<boolean>0</boolean>"sv; }
  void operator()(double number) const { xml += fmt::format("<double>{}</double>", number); }
  void operator()(const DateTime& time) const {
    xml += "<dateTime.iso8601>"sv;
    append_escaped(xml, time.text);
    xml += "</dateTime.iso8601>"sv;
  }

  void operator()(const Array& array) const {
    xml += "<array><data>\n"sv;
    for (const Value& value : array) append_value(xml, value);
    xml += "</data></array>"sv;
  }

  void operator()(const Struct& members) const {
    xml += "<struct>\n"sv;
    for (const Member& member : members) {
      xml += "<member>\n<name>"sv;
      append_escaped(xml, member.name);
      xml += "</name>\n"sv;
      append_value(xml, member.value);
      xml += "</member>\n"sv;
    }
    xml += "</struct>"sv;
  }
};

void append_value(std::string& xml, const Value& value) {
  xml += "<value>"sv;
  std::visit(Writer{xml}, value.data);
  xml += "</value>\n"sv;
}

void append_parameters(std::string& xml, std::span<const Value> parameters) {
  xml += "<params>\n";
  for (const Value& parameter : parameters) {
    xml += "<param>\n";
    append_value(xml, parameter);
    xml += "</param>\n";
  }
  xml += "</params>\n";
}

}  // namespace

std::string write_call(const Call& call) {
  std::string xml(kDeclaration);
  xml += "<methodCall>\n<methodName>";
  append_escaped(xml, call.method);
  xml += "</methodName>\n";
  append_parameters(xml, call.parameters);
  xml += "</methodCall>\n";
  return xml;
}

std::string write_response(const Response& response) {
  std::string xml(kDeclaration);
  xml += "<methodResponse>\n";
  if (const auto* fault = std::get_if<Fault>(&response)) {
    xml += "<fault>\n";
    append_value(xml, Struct{{"faultCode", fault->code}, {"faultString", fault->text}});
    xml += "</fault>\n";
  } else {
    append_parameters(xml, {&std::get<Value>(response), 1});
  }
  xml += "</methodResponse>\n";
  return xml;
}

}  // namespace foster::compat
