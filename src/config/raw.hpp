// A config as values without meaning yet: what TOML and JSON both become, with positions for errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/diagnostic.hpp"

namespace foster::config {

class Raw;

/// One `key = value`.
struct RawEntry;
using RawArray = std::vector<Raw>;

/// Entries in the order of the text. Keys are unique.
class RawTable {
 public:
  RawTable();
  RawTable(const RawTable&);
  RawTable(RawTable&&) noexcept;
  RawTable& operator=(const RawTable&);
  RawTable& operator=(RawTable&&) noexcept;
  ~RawTable();

  /// Null where there is no such key.
  [[nodiscard]] const Raw* find(std::string_view key) const;
  [[nodiscard]] const RawEntry* find_entry(std::string_view key) const;
  [[nodiscard]] const std::vector<RawEntry>& entries() const { return entries_; }
  [[nodiscard]] bool is_empty() const { return entries_.empty(); }
  /// At the end. The key must be new.
  void append(std::string key, Raw value, Position key_position = {});
  void sort_by_position();

 private:
  std::vector<RawEntry> entries_;
};

/// What a text can hold and no key of foster takes: "a date", "null".
struct RawOther {
  std::string word;
};

/// A value and where it begins.
class Raw {
 public:
  using Value = std::variant<RawTable, RawArray, std::string, std::int64_t, double, bool, RawOther>;

  explicit Raw(Value value, Position where = {}) : where_(where), value_(std::move(value)) {}

  [[nodiscard]] Position where() const { return where_; }
  /// Null where the value is of another kind.
  template <class Kind>
  [[nodiscard]] const Kind* as() const {
    return std::get_if<Kind>(&value_);
  }
  [[nodiscard]] const Value& value() const { return value_; }
  /// For messages: "a table", "a list", "text", "a number", "true", "a date".
  [[nodiscard]] std::string describe() const;

 private:
  Position where_;
  Value value_;
};

struct RawEntry {
  std::string key;
  Position where;  ///< Of the key.
  Raw value;
};

}  // namespace foster::config
