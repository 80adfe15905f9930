#include "stage.hpp"

namespace foster::core::testing {
namespace {

Stage web_and_db() {
  return Stage({with(service("web"), [](Service& s) { s.workers = 3; }), service("db")});
}

TEST(FleetFind, WorkersHaveNumbersAndASingleOneHasNone) {
  const Stage stage = web_and_db();
  EXPECT_TRUE(stage.fleet.find("web:2").has_value());
  EXPECT_TRUE(stage.fleet.find("db").has_value());
  for (const char* name : {"web", "web:3", "db:0", "web:", "web:x", "web:1x", "", "nobody"}) {
    EXPECT_FALSE(stage.fleet.find(name).has_value()) << name;
  }
}

TEST(FleetMatch, ServiceNameStandsForAllItsWorkers) {
  const Stage stage = web_and_db();
  EXPECT_EQ(stage.fleet.match("web").size(), 3U);
  EXPECT_EQ(stage.fleet.match("web:1").size(), 1U);
  EXPECT_EQ(stage.fleet.match("*").size(), 4U);
  EXPECT_EQ(stage.fleet.match("*:[01]").size(), 2U);
  EXPECT_TRUE(stage.fleet.match("we").empty());
}

TEST(FleetHandle, UnknownIdIsIgnored) {
  Stage stage = web_and_db();
  EXPECT_TRUE(stage.fleet.handle(99, event::Gone{1}, stage.now).empty());
}

}  // namespace
}  // namespace foster::core::testing
