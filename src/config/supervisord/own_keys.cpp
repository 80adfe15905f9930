#include "config/supervisord/own_keys.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/read_model.hpp"
#include "config/schema.hpp"
#include "config/supervisord/values.hpp"
#include "config/toml.hpp"

namespace foster::config::supervisord {

namespace {

constexpr std::string_view kBeforeValue = "v = ";

// What the section's own keys say, or what a service of one worker cannot have.
constexpr std::array kRefused = std::to_array<std::string_view>({"command", "shell", "command-text", "workers"});
constexpr std::array kLists = std::to_array<std::string_view>({"needs", "after", "env-file"});

// A place of a line that was read by itself, in the file it stands in.
Position moved(Position at, Position to) {
  if (at.line != 1) return {to.line + at.line - 1, at.column};
  return {to.line, to.column + at.column - static_cast<unsigned>(kBeforeValue.size()) - 1};
}

Raw moved(const Raw& raw, Position to) {
  const Position where = moved(raw.where(), to);
  if (const auto* table = raw.as<RawTable>()) {
    RawTable result;
    for (const RawEntry& entry : table->entries())
      result.append(entry.key, moved(entry.value, to), moved(entry.where, to));
    return Raw(std::move(result), where);
  }
  if (const auto* array = raw.as<RawArray>()) {
    RawArray result;
    for (const Raw& element : *array) result.push_back(moved(element, to));
    return Raw(std::move(result), where);
  }
  return Raw(raw.value(), where);
}

Raw raw_of(const OwnKey& key) {
  const TomlText toml = parse_toml(fmt::format("{}{}\n", kBeforeValue, key.value), "");
  const Raw* value = toml.diagnostics.empty() ? toml.table.find("v") : nullptr;
  if (value != nullptr && toml.table.entries().size() == 1) return moved(*value, key.value_at.at);
  if (std::ranges::find(kLists, key.name) == kLists.end()) return Raw(key.value, key.value_at.at);
  RawArray items;
  for (const std::string& item : parse_list(key.value)) items.emplace_back(item, key.value_at.at);
  return Raw(std::move(items), key.value_at.at);
}

}  // namespace

core::Service with_own_keys(const core::Service& service, const Process& process, const std::vector<IniFile>& files,
                            std::vector<Diagnostic>& findings) {
  if (process.own_keys.empty()) return service;
  RawTable table;
  const RawTable given = write_table(service_keys(), service);
  for (const RawEntry& entry : given.entries()) {
    const bool is_replaced = std::ranges::find(process.own_keys, entry.key, &OwnKey::name) != process.own_keys.end();
    const bool is_refused = std::ranges::find(kRefused, entry.key) != kRefused.end();
    if (!is_replaced || is_refused) table.append(entry.key, entry.value);
  }
  // All keys of one program are written in one file, as a rule; a finding names the file of the first.
  const std::string& path = files[process.own_keys.front().where.file].path;
  const std::string base = absolute_path(path, "..");
  Reader reader(path, base);
  for (const OwnKey& key : process.own_keys) {
    if (std::ranges::find(kRefused, key.name) != kRefused.end()) {
      reader.error(key.where.at, fmt::format("\"{}\" is said by the keys of Supervisor here", key.name),
                   key.name == "workers" ? "write numprocs=…" : "write command=…");
    } else {
      table.append(key.name, raw_of(key), key.where.at);
    }
  }
  core::Service result =
      read_service(reader, service.name, process.own_keys.front().where.at, table, Completeness::whole);
  for (Diagnostic& diagnostic : reader.take_diagnostics()) {
    if (diagnostic.line != 0) findings.push_back(std::move(diagnostic));
  }
  return result;
}

}  // namespace foster::config::supervisord
