#include "config/schema.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "config/load.hpp"

namespace foster::config {
namespace {

std::string why(const auto& loaded) {
  return loaded ? std::string() : render(loaded.error());
}

core::Service service_with(std::string_view line) {
  const auto model =
      load_text(fmt::format("[service.web]\ncommand = 'web'\n{}\n[service.redis]\ncommand = 'r'\n[service.app]\n"
                            "command = 'a'\n",
                            line),
                "f", "/srv", "x");
  EXPECT_TRUE(model) << line << "\n" << why(model);
  return model ? model->services.front() : core::Service{};
}

bool is_words(std::string_view fallback) {
  return fallback.starts_with('(');
}

TEST(SchemaDefaults, WrittenOutChangeNothing) {
  const core::Service plain = service_with("");
  for (const auto& key : service_keys()) {
    // Its default depends on the file; the process sees 022, which the model leaves open.
    if (is_words(key.info.fallback) || key.info.name == "umask" || key.info.name == "stdin") continue;
    EXPECT_EQ(service_with(fmt::format("{} = {}", key.info.name, key.info.fallback)), plain) << key.info.name;
  }
}

TEST(SchemaDefaults, OfInnerKeysWrittenOutChangeNothing) {
  const core::Service plain = service_with("");
  for (const auto& key : service_keys()) {
    if (key.children == nullptr) continue;
    for (const KeyInfo& child : key.children()) {
      if (is_words(child.fallback)) continue;
      const bool needs_way = key.info.name == "ready" && child.name != "how";
      const std::string way = needs_way ? "how = 'none', " : "";
      EXPECT_EQ(service_with(fmt::format("{} = {{ {}{} = {} }}", key.info.name, way, child.name, child.fallback)),
                plain)
          << key.info.name << "." << child.name;
    }
  }
}

TEST(SchemaExamples, LoadAndChangeSomething) {
  const core::Service plain = service_with("");
  for (const auto& key : service_keys()) {
    // These need a file, another key, or are the default in long.
    const std::set<std::string_view> kElsewhere{"command", "env-file", "backoff", "limit", "stop", "log"};
    if (kElsewhere.contains(key.info.name)) continue;
    EXPECT_NE(service_with(fmt::format("{} = {}", key.info.name, key.info.example)), plain) << key.info.name;
  }
}

TEST(SchemaExamples, OfInnerKeysLoadAndChangeSomething) {
  const core::Service plain = service_with("");
  for (const auto& key : service_keys()) {
    if (key.children == nullptr) continue;
    for (const KeyInfo& child : key.children()) {
      const bool needs_way = child.name == "timeout" || child.name == "interval";
      std::string way = key.info.name == "ready" && needs_way ? "tcp = 80, " : "";
      if (key.info.name == "stdin" && child.name != "listen") way = "listen = 'tcp://localhost:9000', ";
      EXPECT_NE(service_with(fmt::format("{} = {{ {}{} = {} }}", key.info.name, way, child.name, child.example)), plain)
          << key.info.name << "." << child.name;
    }
  }
}

TEST(Schema, SaysEverythingAboutEveryKey) {
  std::set<std::string> names;
  const auto check = [&](std::string_view outer, const KeyInfo& info) {
    EXPECT_TRUE(names.insert(fmt::format("{}.{}", outer, info.name)).second) << info.name;
    EXPECT_FALSE(info.type.empty()) << info.name;
    EXPECT_FALSE(info.fallback.empty()) << info.name;
    EXPECT_FALSE(info.example.empty()) << info.name;
    EXPECT_TRUE(info.doc.ends_with('.')) << info.name;
  };
  for (const KeyInfo& info : file_keys()) check("", info);
  for (const auto& key : service_keys()) {
    check("service", key.info);
    if (key.children == nullptr) continue;
    for (const KeyInfo& child : key.children()) check(key.info.name, child);
  }
}

TEST(Schema, TakesForeignNamesForSuggestionsOnly) {
  for (const auto& key : service_keys()) {
    for (const auto& other : service_keys()) {
      EXPECT_FALSE(fmt::format(" {} ", key.info.also).contains(fmt::format(" {} ", other.info.name)))
          << key.info.name << " has the key " << other.info.name << " as another name";
    }
  }
}

TEST(AbsolutePath, TakesRelativePathsFromTheBaseAndRemovesDots) {
  EXPECT_EQ(absolute_path("/srv/shop", "app"), "/srv/shop/app");
  EXPECT_EQ(absolute_path("/srv/shop", "../x/./y/"), "/srv/x/y");
  EXPECT_EQ(absolute_path("/srv/shop", "."), "/srv/shop");
  EXPECT_EQ(absolute_path("/srv/shop", "/etc"), "/etc");
  EXPECT_EQ(absolute_path("/", "../.."), "/");
}

}  // namespace
}  // namespace foster::config
