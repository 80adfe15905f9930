#include "compat/xml_rpc_write.hpp"

#include "compat/xml_text.hpp"

namespace foster::compat {
namespace {

constexpr std::string_view kDeclaration = "<?xml version='1.0'?>\n";

}  // namespace

std::string write_call(const Call& call) {
  std::string xml(kDeclaration);
  xml += "<methodCall>\n<methodName>";
  append_escaped(xml, call.method);
  xml += "</methodName>\n<params>\n";
  for (const Value& parameter : call.parameters) {
    xml += "<param>\n";
    append_value(xml, parameter);
    xml += "</param>\n";
  }
  xml += "</params>\n</methodCall>\n";
  return xml;
}

std::string write_response(XmlValue value) {
  return std::move(value).document();
}

std::string write_response(const Fault& fault) {
  std::string xml(kDeclaration);
  xml += "<methodResponse>\n<fault>\n";
  append_value(xml, Struct{{"faultCode", fault.code}, {"faultString", fault.text}});
  xml += "</fault>\n</methodResponse>\n";
  return xml;
}

}  // namespace foster::compat
