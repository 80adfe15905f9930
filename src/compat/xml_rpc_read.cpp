#include "compat/xml_rpc_read.hpp"

#include <expat.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "compat/xml_rpc_grammar.hpp"
#include "compat/xml_rpc_scalar.hpp"

namespace foster::compat {
namespace {

// A container or a value that is not closed yet.
struct Open {
  Element element;
  Value value = {};
  bool is_set = false;    ///< value: by a typed element, so that the text around it means nothing.
  std::string name = {};  ///< struct: of the member at hand.
};

class Reader {
 public:
  explicit Reader(Element root) : root_(root), parser_(XML_ParserCreate(nullptr)) {
    if (!parser_) return;
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(), [](void* self, const XML_Char* name, const XML_Char**) { of(self).start(name); },
        [](void* self, const XML_Char*) { of(self).end(); });
    XML_SetCharacterDataHandler(parser_.get(), [](void* self, const XML_Char* text, int size) {
      if (of(self).takes_text()) of(self).text_.append(text, static_cast<std::size_t>(size));
    });
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                                                     int) { of(self).refuse("a document type has no place here"); });
  }

  [[nodiscard]] Result<> read(std::string_view document) {
    if (!parser_) return failure("read XML-RPC", ENOMEM);
    if (document.size() > INT32_MAX) return failure("read XML-RPC", EFBIG);
    const auto status = XML_Parse(parser_.get(), document.data(), static_cast<int>(document.size()), XML_TRUE);
    if (!problem_.empty()) return failure("read XML-RPC", EBADMSG, problem_);
    if (status == XML_STATUS_OK) return {};
    return failure("read XML-RPC", EBADMSG, at_line(XML_ErrorString(XML_GetErrorCode(parser_.get()))));
  }

  std::string method;
  Array values;  ///< Parameters, or what a fault holds.
  bool is_fault = false;

 private:
  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };

  static Reader& of(void* self) { return *static_cast<Reader*>(self); }

  [[nodiscard]] std::string at_line(std::string_view what) const {
    return fmt::format("line {}: {}", XML_GetCurrentLineNumber(parser_.get()), what);
  }

  void refuse(std::string_view why) {
    if (!problem_.empty()) return;
    problem_ = at_line(why);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  [[nodiscard]] bool takes_text() const {
    return problem_.empty() && !path_.empty() &&
           (is_scalar(path_.back()) || path_.back() == Element::value || path_.back() == Element::name ||
            path_.back() == Element::method_name);
  }

  void start(std::string_view name);
  void end();
  void end_value();
  void set_scalar(Element type);
  void close_container();

  Element root_;
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
  std::vector<Element> path_;
  std::vector<Open> open_;
  std::string text_;
  std::string problem_;
};

void Reader::start(std::string_view name) {
  if (!problem_.empty()) return;
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
}

void Reader::end() {
  if (!problem_.empty()) return;
  const Element element = path_.back();
  if (is_scalar(element)) {
    set_scalar(element);
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
}

void Reader::set_scalar(Element type) {
  auto value = scalar_from_text(type, text_);
  if (!value) return refuse(fmt::format("\"{:.40}\" is not such a value", text_));
  open_.back().value = std::move(*value);
  open_.back().is_set = true;
}

void Reader::close_container() {
  Value whole = std::move(open_.back().value);
  open_.pop_back();
  open_.back().value = std::move(whole);
  open_.back().is_set = true;
}

void Reader::end_value() {
  Open closed = std::move(open_.back());
  open_.pop_back();
  if (!closed.is_set) closed.value = text_;
  if (open_.empty()) {
    values.push_back(std::move(closed.value));
  } else if (auto* array = std::get_if<Array>(&open_.back().value.data)) {
    array->push_back(std::move(closed.value));
  } else if (auto* members = std::get_if<Struct>(&open_.back().value.data)) {
    members->push_back({std::move(open_.back().name), std::move(closed.value)});
  }
}

}  // namespace

Result<Call> read_call(std::string_view document) {
  Reader reader(Element::method_call);
  if (auto read = reader.read(document); !read) return Failure(read.error());
  if (reader.method.empty()) return failure("read XML-RPC", EBADMSG, "no method is named");
  return Call{.method = std::move(reader.method), .parameters = std::move(reader.values)};
}

Result<Response> read_response(std::string_view document) {
  Reader reader(Element::method_response);
  if (auto read = reader.read(document); !read) return Failure(read.error());
  if (reader.values.size() != 1) return failure("read XML-RPC", EBADMSG, "a response is one value");
  Value& value = reader.values.front();
  if (!reader.is_fault) return std::move(value);
  const Value* code = value.member("faultCode");
  const Value* text = value.member("faultString");
  if (code == nullptr || !code->integer() || text == nullptr || text->string() == nullptr) {
    return failure("read XML-RPC", EBADMSG, "a fault is a code and a text");
  }
  return Fault{.code = *code->integer(), .text = *text->string()};
}

}  // namespace foster::compat
