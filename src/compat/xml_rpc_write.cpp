#include "compat/xml_rpc_write.hpp"

#include <fmt/format.h>

#include "compat/xml_text.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kDeclaration = "<?xml version='1.0'?>\n";

void append(std::string& xml, const Value& value);

struct Writer {
  std::string& xml;

  void element(std::string_view name, std::string_view text) const {
    fmt::format_to(std::back_inserter(xml), "<{}>", name);
    append_escaped(xml, text);
    fmt::format_to(std::back_inserter(xml), "</{}>", name);
  }

  void operator()(const std::string& text) const { element("string", text); }
  void operator()(std::int64_t number) const { fmt::format_to(std::back_inserter(xml), "<int>{}</int>", number); }
  void operator()(bool flag) const { xml += flag ? "<boolean>1</boolean>" : "<boolean>0</boolean>"; }
  void operator()(double number) const { fmt::format_to(std::back_inserter(xml), "<double>{}</double>", number); }
  void operator()(const DateTime& time) const { element("dateTime.iso8601", time.text); }

  void operator()(const Array& array) const {
    xml += "<array><data>\n";
    for (const Value& value : array) append(xml, value);
    xml += "</data></array>";
  }

  void operator()(const Struct& members) const {
    xml += "<struct>\n";
    for (const Member& member : members) {
      xml += "<member>\n";
      element("name", member.name);
      xml += '\n';
      append(xml, member.value);
      xml += "</member>\n";
    }
    xml += "</struct>";
  }
};

void append(std::string& xml, const Value& value) {
  xml += "<value>";
  std::visit(Writer{xml}, value.data);
  xml += "</value>\n";
}

void append_parameters(std::string& xml, const Array& parameters) {
  xml += "<params>\n";
  for (const Value& parameter : parameters) {
    xml += "<param>\n";
    append(xml, parameter);
    xml += "</param>\n";
  }
  xml += "</params>\n";
}

}  // namespace

std::string write_call(const Call& call) {
  std::string xml(kDeclaration);
  xml += "<methodCall>\n";
  Writer{xml}.element("methodName", call.method);
  xml += '\n';
  append_parameters(xml, call.parameters);
  xml += "</methodCall>\n";
  return xml;
}

std::string write_response(const Response& response) {
  std::string xml(kDeclaration);
  xml += "<methodResponse>\n";
  if (const auto* fault = std::get_if<Fault>(&response)) {
    xml += "<fault>\n";
    append(xml, Struct{{"faultCode", fault->code}, {"faultString", fault->text}});
    xml += "</fault>\n";
  } else {
    append_parameters(xml, {std::get<Value>(response)});
  }
  xml += "</methodResponse>\n";
  return xml;
}

}  // namespace foster::compat
