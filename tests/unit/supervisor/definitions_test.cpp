#include "supervisor/definitions.hpp"

#include <gtest/gtest.h>

#include "support/temporary_directory.hpp"

namespace foster::supervisor {
namespace {

core::Service service(const std::string& name) {
  core::Service made;
  made.name = name;
  made.argv = {"/bin/sleep", "1000"};
  made.command_text = "/bin/sleep 1000";
  made.directory = "/";
  return made;
}

TEST(Definitions, AreReadBackAsTheyWereStored) {
  const testing::TemporaryDirectory directory;
  Definitions stored;
  stored.model.name = "shop";
  stored.model.services = {service("web"), service("extra")};
  stored.origin.config = "/srv/shop with spaces/foster.toml";
  stored.origin.ad_hoc = {"extra"};
  ASSERT_TRUE(store_definitions(directory.path("applied.toml"), stored.model, stored.origin));
  const auto loaded = load_definitions(directory.path("applied.toml"), "shop");
  ASSERT_TRUE(loaded) << to_string(loaded.error());
  EXPECT_EQ(loaded->model, stored.model);
  EXPECT_EQ(loaded->origin.config, stored.origin.config);
  EXPECT_EQ(loaded->origin.ad_hoc, stored.origin.ad_hoc);
}

TEST(Definitions, MissingOrDamagedFileIsAnErrorThatNamesIt) {
  const testing::TemporaryDirectory directory;
  EXPECT_EQ(load_definitions(directory.path("applied.toml"), "shop").error().code, ENOENT);
  testing::write_file(directory.path("applied.toml"), "[service");
  const auto damaged = load_definitions(directory.path("applied.toml"), "shop");
  EXPECT_EQ(damaged.error().code, EBADMSG);
  EXPECT_NE(to_string(damaged.error()).find("applied.toml"), std::string::npos);
}

TEST(Definitions, AFileThatIsAppliedLeavesAdHocServicesAlone) {
  core::Model current;
  current.services = {service("web"), service("extra")};
  core::Model wanted;
  wanted.services = {service("db")};
  const core::Model merged = with_ad_hoc(wanted, current, {.config = {}, .ad_hoc = {"extra"}});
  ASSERT_EQ(merged.services.size(), 2U);
  EXPECT_EQ(merged.services[0].name, "db");
  EXPECT_EQ(merged.services[1].name, "extra");
}

}  // namespace
}  // namespace foster::supervisor
