#include "config/raw.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace foster::config {

RawTable::RawTable() = default;
RawTable::RawTable(const RawTable&) = default;
RawTable::RawTable(RawTable&&) noexcept = default;
RawTable& RawTable::operator=(const RawTable&) = default;
RawTable& RawTable::operator=(RawTable&&) noexcept = default;
RawTable::~RawTable() = default;

const RawEntry* RawTable::find_entry(std::string_view key) const {
  const auto found = std::ranges::find(entries_, key, &RawEntry::key);
  return found == entries_.end() ? nullptr : &*found;
}

const Raw* RawTable::find(std::string_view key) const {
  const RawEntry* entry = find_entry(key);
  return entry == nullptr ? nullptr : &entry->value;
}

void RawTable::append(std::string key, Raw value, Position key_position) {
  entries_.push_back({.key = std::move(key), .where = key_position, .value = std::move(value)});
}

void RawTable::sort_by_position() {
  std::ranges::stable_sort(entries_, {}, &RawEntry::where);
}

namespace {

struct Describe {
  std::string operator()(const RawTable&) const { return "a table"; }
  std::string operator()(const RawArray&) const { return "a list"; }
  std::string operator()(const std::string&) const { return "text"; }
  std::string operator()(std::int64_t number) const { return fmt::format("the number {}", number); }
  std::string operator()(double number) const { return fmt::format("the number {}", number); }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(const RawOther& other) const { return other.word; }
};

}  // namespace

std::string Raw::describe() const {
  return std::visit(Describe{}, value_);
}

}  // namespace foster::config
