// The one table of keys: what a key is called, takes, means and defaults to, how it is read into the
// model and written from it. Parsing, suggestions, writing, docs/config.md and foster.toml(5) follow it.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "config/raw.hpp"
#include "config/reader.hpp"
#include "core/model.hpp"

namespace foster::config {

/// What people read about a key.
struct KeyInfo {
  std::string_view name;
  std::string_view type;      ///< "duration", "list of texts or text".
  std::string_view fallback;  ///< The default as it would be written, or in words in parentheses.
  std::string_view unit;      ///< Empty where none.
  std::string_view doc;       ///< Whole sentences.
  std::string_view example;   ///< A value as it would be written.
  std::string_view also;      ///< What others call it, separated by blanks: for suggestions only.
};

/// The keys of one table; `Target` is what they fill.
template <class Target>
struct Key {
  KeyInfo info;
  /// Reports what is wrong and leaves the target as it was.
  void (*read)(Reader&, const Raw&, const RawTable& siblings, Target&);
  /// Empty where the target has the default.
  std::optional<Raw> (*write)(const Target&);
  /// The keys of the table this key may take; null for most.
  std::vector<KeyInfo> (*children)() = nullptr;
};

[[nodiscard]] std::span<const Key<core::Service>> service_keys();
[[nodiscard]] std::span<const Key<core::Backoff>> backoff_keys();
[[nodiscard]] std::span<const Key<core::Limit>> limit_keys();
[[nodiscard]] std::span<const Key<core::StopPolicy>> stop_keys();
[[nodiscard]] std::span<const Key<core::Readiness>> ready_keys();
[[nodiscard]] std::span<const Key<core::StdinSocket>> stdin_keys();
[[nodiscard]] std::span<const Key<core::LogPolicy>> log_keys();
/// What `ready` is where a service of this type does not say.
[[nodiscard]] core::Readiness default_readiness(core::ServiceType type);
/// The keys of the file itself.
[[nodiscard]] std::span<const KeyInfo> file_keys();

template <class Target>
std::vector<KeyInfo> infos(std::span<const Key<Target>> keys) {
  std::vector<KeyInfo> result;
  for (const Key<Target>& key : keys) result.push_back(key.info);
  return result;
}

/// Reports each key of the table that is none of these, with the nearest that is.
void report_unknown_keys(Reader& reader, const RawTable& table, std::span<const KeyInfo> known);

template <class Target>
void read_table(Reader& reader, const RawTable& table, std::span<const Key<Target>> keys, Target& target) {
  report_unknown_keys(reader, table, infos(keys));
  for (const Key<Target>& key : keys) {
    const Raw* raw = table.find(key.info.name);
    if (raw == nullptr) continue;
    const KeyScope scope(reader, key.info.name);
    key.read(reader, *raw, table, target);
  }
}

template <class Target>
RawTable write_table(std::span<const Key<Target>> keys, const Target& target) {
  RawTable table;
  for (const Key<Target>& key : keys) {
    if (auto raw = key.write(target)) table.append(std::string(key.info.name), std::move(*raw));
  }
  return table;
}

/// Absolute and without "." and ".."; an absolute path stays where it is.
[[nodiscard]] std::string absolute_path(std::string_view base_directory, std::string_view path);

}  // namespace foster::config
