#include "config/key_changes.hpp"

#include "config/schema.hpp"
#include "config/toml.hpp"

namespace foster::config {

namespace {

// What stands behind the "=" of a section's line; policies are written as inline tables there.
std::string written(const Raw* value) {
  if (value == nullptr) return "";
  RawTable line;
  line.append("v", *value);
  RawTable section;
  section.append("s", Raw(std::move(line)));
  RawTable file;
  file.append("f", Raw(std::move(section)));
  std::string text = write_toml(file);
  text.erase(0, text.find("v = ") + 4);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

std::vector<KeyChange> changed_keys(const core::Service& from, const core::Service& to) {
  const RawTable before = write_table(service_keys(), from);
  const RawTable after = write_table(service_keys(), to);
  std::vector<KeyChange> changes;
  for (const Key<core::Service>& key : service_keys()) {
    KeyChange change{.key = std::string(key.info.name),
                     .from = written(before.find(key.info.name)),
                     .to = written(after.find(key.info.name))};
    if (change.from != change.to) changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace foster::config
