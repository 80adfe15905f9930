// What XML-RPC can say, as values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace foster::compat {

struct Value;
struct Member;
using Array = std::vector<Value>;
using Struct = std::vector<Member>;  ///< In the order of the document; a repeated name is kept.

/// The text of a dateTime.iso8601, as it was sent.
struct DateTime {
  std::string text;
  friend bool operator==(const DateTime&, const DateTime&) = default;
};

/// One value. base64 arrives as the string that it stands for.
struct Value {
  using Data = std::variant<std::string, std::int64_t, bool, double, DateTime, Array, Struct>;

  Value() = default;
  template <class T>
    requires(!std::is_same_v<std::remove_cvref_t<T>, Value> && std::is_constructible_v<Data, T>)
  Value(T&& held) : data(std::forward<T>(held)) {}  // NOLINT(google-explicit-constructor): a value is what it holds
  Value(const char* text);
  Value(std::string_view text);
  Value(int number);

  Data data;

  [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data); }
  [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data); }
  [[nodiscard]] const Struct* structure() const { return std::get_if<Struct>(&data); }
  [[nodiscard]] std::optional<std::int64_t> integer() const {
    const auto* number = std::get_if<std::int64_t>(&data);
    return number != nullptr ? std::optional(*number) : std::nullopt;
  }
  [[nodiscard]] std::optional<bool> boolean() const {
    const auto* flag = std::get_if<bool>(&data);
    return flag != nullptr ? std::optional(*flag) : std::nullopt;
  }

  /// Of a struct; null where it has no such member, or is none.
  [[nodiscard]] const Value* member(std::string_view name) const;

  friend bool operator==(const Value&, const Value&) = default;
};

struct Member {
  std::string name;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

// Not before all that a value may hold is known.
inline Value::Value(const char* text) : data(std::string(text)) {}
inline Value::Value(std::string_view text) : data(std::string(text)) {}
inline Value::Value(int number) : data(std::int64_t{number}) {}

struct Call {
  std::string method;
  Array parameters;
  friend bool operator==(const Call&, const Call&) = default;
};

struct Fault {
  std::int64_t code = 0;
  std::string text;
  friend bool operator==(const Fault&, const Fault&) = default;
};

using Response = std::variant<Value, Fault>;

}  // namespace foster::compat
