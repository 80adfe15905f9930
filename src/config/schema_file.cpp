// The keys of the file itself, and what all tables of keys share.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "config/schema.hpp"
#include "config/suggest.hpp"

namespace foster::config {

namespace {

constexpr KeyInfo kFileKeys[] = {
    {.name = "name",
     .type = "text",
     .fallback = "(the directory's name)",
     .unit = "",
     .doc = "What this foster is called: `foster --name NAME ps`. Letters, digits, \".\", \"_\" and \"-\", at most 63.",
     .example = "\"shop\"",
     .also = "project id"},
    {.name = "service",
     .type = "table of tables",
     .fallback = "{}",
     .unit = "",
     .doc = "The services, each in a table `[service.NAME]` of its own.",
     .example = "[service.web]",
     .also = "services program programs process processes"},
};

}  // namespace

std::span<const KeyInfo> file_keys() {
  return kFileKeys;
}

void report_unknown_keys(Reader& reader, const RawTable& table, std::span<const KeyInfo> known) {
  std::vector<std::string_view> names;
  for (const KeyInfo& info : known) names.push_back(info.name);
  for (const RawEntry& entry : table.entries()) {
    if (std::ranges::find(names, entry.key) != names.end()) continue;
    const KeyScope scope(reader, entry.key);
    std::string hint;
    for (const KeyInfo& info : known) {
      // Words of others first: "cwd" is nearer to nothing, and "env" is not "needs".
      if (fmt::format(" {} ", info.also).contains(fmt::format(" {} ", entry.key))) {
        hint = fmt::format("did you mean \"{}\"?", info.name);
      }
    }
    if (hint.empty()) hint = did_you_mean(entry.key, names);
    if (hint.empty()) hint = fmt::format("the keys here are: {}", fmt::join(names, ", "));
    reader.error(entry.where, fmt::format("unknown key \"{}\"", entry.key), std::move(hint));
  }
}

std::string absolute_path(std::string_view base_directory, std::string_view path) {
  auto joined = (std::filesystem::path(base_directory) / path).lexically_normal().string();
  while (joined.size() > 1 && joined.ends_with('/')) joined.pop_back();
  return joined;
}

}  // namespace foster::config
