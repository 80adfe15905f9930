// Values of XML-RPC as they stand in a document. Answers about all processes have some ten thousand elements, and
// clients ask for them again and again: they are written down at once, without a tree of values in between.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "compat/xml_rpc_value.hpp"

namespace foster::compat {

/// Appends "<value>…</value>".
void append_value(std::string& xml, const Value& value);

/// Elements that are appended to `xml` meanwhile are those of an array.
class ArrayWriter {
 public:
  explicit ArrayWriter(std::string& xml);
  ~ArrayWriter();
  ArrayWriter(const ArrayWriter&) = delete;
  ArrayWriter& operator=(const ArrayWriter&) = delete;

 private:
  std::string& xml_;
};

/// The members of a struct, one after another.
class StructWriter {
 public:
  /// What the program itself calls a member: it has nothing in it that would have to be escaped.
  class Name {
   public:
    consteval Name(const char* text) : text_(text) {  // NOLINT(google-explicit-constructor): a name is its text
      if (text_.find_first_of("<>&") != std::string_view::npos) throw "no name of a member";
    }
    [[nodiscard]] std::string_view text() const { return text_; }

   private:
    std::string_view text_;
  };

  explicit StructWriter(std::string& xml);
  ~StructWriter();
  StructWriter(const StructWriter&) = delete;
  StructWriter& operator=(const StructWriter&) = delete;

  void text(Name name, std::string_view text);
  void number(Name name, std::int64_t number);
  void flag(Name name, bool flag);
  void value(Name name, const Value& value);

 private:
  std::string& xml_;
};

/// One value, written: what a method answers. It stands in the document that such an answer is from the beginning,
/// for it may be large.
class XmlValue {
 public:
  XmlValue();
  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, XmlValue> && std::constructible_from<Value, T>)
  XmlValue(T&& value) : XmlValue() {  // NOLINT(google-explicit-constructor): every value can be written
    append_value(document_, Value(std::forward<T>(value)));
  }

  /// Whoever has made an empty one appends the value.
  [[nodiscard]] std::string& xml() { return document_; }
  /// The value alone.
  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] std::string document() &&;

 private:
  std::string document_;
};

}  // namespace foster::compat
