#include "compat/xml_rpc_read.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>

#include "compat/xml_rpc_builder.hpp"

namespace foster::compat {
namespace {

class Reader {
 public:
  explicit Reader(Element root) : builder_(root), parser_(XML_ParserCreate(nullptr)) {
    if (!parser_) return;
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(),
        [](void* self, const XML_Char* name, const XML_Char**) {
          of(self).go_on([&](XmlRpcBuilder& builder) { return builder.start(name); });
        },
        [](void* self, const XML_Char*) { of(self).go_on([](XmlRpcBuilder& builder) { return builder.end(); }); });
    XML_SetCharacterDataHandler(parser_.get(), [](void* self, const XML_Char* text, int size) {
      of(self).builder_.text({text, static_cast<std::size_t>(size)});
    });
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                                                     int) { of(self).refuse("a document type has no place here"); });
  }

  [[nodiscard]] Result<XmlRpcBuilder> read(std::string_view document) {
    if (!parser_) return failure("read XML-RPC", ENOMEM);
    if (document.size() > INT32_MAX) return failure("read XML-RPC", EFBIG);
    const auto status = XML_Parse(parser_.get(), document.data(), static_cast<int>(document.size()), XML_TRUE);
    if (!problem_.empty()) return failure("read XML-RPC", EBADMSG, problem_);
    if (status == XML_STATUS_OK) return std::move(builder_);
    return failure("read XML-RPC", EBADMSG, at_line(XML_ErrorString(XML_GetErrorCode(parser_.get()))));
  }

 private:
  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };

  static Reader& of(void* self) { return *static_cast<Reader*>(self); }

  template <class Step>
  void go_on(Step step) {
    if (problem_.empty() && !step(builder_)) refuse(builder_.problem);
  }

  [[nodiscard]] std::string at_line(std::string_view what) const {
    return fmt::format("line {}: {}", XML_GetCurrentLineNumber(parser_.get()), what);
  }

  void refuse(std::string_view why) {
    if (!problem_.empty()) return;
    problem_ = at_line(why);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  XmlRpcBuilder builder_;
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
  std::string problem_;
};

}  // namespace

Result<Call> read_call(std::string_view document) {
  auto built = Reader(Element::method_call).read(document);
  if (!built) return Failure(built.error());
  if (built->method.empty()) return failure("read XML-RPC", EBADMSG, "no method is named");
  return Call{.method = std::move(built->method), .parameters = std::move(built->values)};
}

Result<Response> read_response(std::string_view document) {
  auto built = Reader(Element::method_response).read(document);
  if (!built) return Failure(built.error());
  if (built->values.size() != 1) return failure("read XML-RPC", EBADMSG, "a response is one value");
  Value& value = built->values.front();
  if (!built->is_fault) return std::move(value);
  const Value* code = value.member("faultCode");
  const Value* text = value.member("faultString");
  if (code == nullptr || !code->integer() || text == nullptr || text->string() == nullptr) {
    return failure("read XML-RPC", EBADMSG, "a fault is a code and a text");
  }
  return Fault{.code = *code->integer(), .text = *text->string()};
}

}  // namespace foster::compat
