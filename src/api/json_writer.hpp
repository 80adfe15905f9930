// JSON written straight into one string: no tree in between, so that a listing of a thousand services
// costs the supervisor one buffer.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace foster::api {

/// Appends one JSON document. Commas are its business; balance and keys are the caller's.
/// Bytes that are no UTF-8 become U+FFFD, so that the document is always valid.
class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }

  JsonWriter& key(std::string_view name);

  JsonWriter& null();
  JsonWriter& string(std::string_view text);
  JsonWriter& boolean(bool value);
  template <std::integral Number>
  JsonWriter& number(Number value) {
    return plain(std::to_string(value));
  }
  /// Six digits after the point, without trailing zeros.
  JsonWriter& decimal_micros(std::int64_t micros);

  /// The text, or null where there is none.
  JsonWriter& string_or_null(std::string_view text) { return text.empty() ? null() : string(text); }

  /// Already JSON.
  JsonWriter& plain(std::string_view json);

  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string text_;
  bool needs_comma_ = false;
};

/// `text` with quotes, escaped.
void append_json_string(std::string& out, std::string_view text);

}  // namespace foster::api
