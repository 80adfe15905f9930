#include "config/reference.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.hpp"

namespace foster::config {
namespace {

std::filesystem::path source_root() {
  return std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
}

// The stored page equals the generated one; with FOSTER_UPDATE_DOCS set it is made so first.
void expect_fresh(const std::filesystem::path& page, const std::string& generated) {
  const std::filesystem::path path = source_root() / page;
  const char* update = std::getenv("FOSTER_UPDATE_DOCS");
  if (update != nullptr && std::string_view(update) == "1") {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << generated;
  }
  std::ostringstream stored;
  stored << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(stored.str(), generated) << page << " is not what the table of keys says; FOSTER_UPDATE_DOCS=1 writes it";
}

TEST(ConfigReference, MarkdownPageIsFresh) {
  expect_fresh("docs/config.md", config_markdown());
}

TEST(ConfigReference, ManualPageIsFresh) {
  expect_fresh("packaging/man/foster.toml.5", config_man_page());
}

TEST(ConfigReference, ExampleLoadsWithoutAFinding) {
  const auto model = load_text(config_example(), "example", "/srv/shop", "x");
  ASSERT_TRUE(model) << render(model.error());
  EXPECT_EQ(model->services.size(), 4U);
}

}  // namespace
}  // namespace foster::config
