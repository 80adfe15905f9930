#include "supervisor/environment.hpp"
#include "sys/resolve_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::supervisor {
namespace {

using ::testing::Contains;
using ::testing::Not;

core::Service service_named(const std::string& name) {
  core::Service service;
  service.name = name;
  return service;
}

const RunFacts kFacts{.foster = "shop", .index = 0, .run = 3, .tag = "tag/1/3", .notify_socket = {}};

TEST(RunEnvironment, InheritsAndLetsTheConfigWin) {
  const char* inherited[] = {"PATH=/bin", "COLOUR=red", nullptr};
  core::Service service = service_named("web");
  service.environment = {{"COLOUR", "green"}, {"NEW", "1"}};
  const auto lines = run_environment(service, kFacts, inherited);
  EXPECT_THAT(lines, Contains("PATH=/bin"));
  EXPECT_THAT(lines, Contains("COLOUR=green"));
  EXPECT_THAT(lines, Not(Contains("COLOUR=red")));
  EXPECT_THAT(lines, Contains("NEW=1"));
}

TEST(RunEnvironment, NeverPassesOnWhatSpeaksOfFostersOwnStart) {
  const char* inherited[] = {
      "NOTIFY_SOCKET=/run/systemd/notify", "LISTEN_FDS=3", "WATCHDOG_USEC=1", "FOSTER_RUN=outer", "KEPT=1", nullptr};
  const auto lines = run_environment(service_named("web"), kFacts, inherited);
  EXPECT_EQ(sys::find_variable(lines, "NOTIFY_SOCKET"), "");
  EXPECT_EQ(sys::find_variable(lines, "LISTEN_FDS"), "");
  EXPECT_EQ(sys::find_variable(lines, "WATCHDOG_USEC"), "");
  EXPECT_EQ(sys::find_variable(lines, "FOSTER_RUN"), "tag/1/3");
  EXPECT_EQ(sys::find_variable(lines, "KEPT"), "1");
}

TEST(RunEnvironment, ClearedHoldsOnlyWhatTheConfigAndFosterGive) {
  const char* inherited[] = {"PATH=/bin", nullptr};
  core::Service service = service_named("web");
  service.clear_environment = true;
  service.workers = 2;
  RunFacts facts = kFacts;
  facts.index = 1;
  facts.notify_socket = "@foster/x";
  EXPECT_THAT(run_environment(service, facts, inherited),
              ::testing::UnorderedElementsAre("FOSTER_NAME=shop", "FOSTER_SERVICE=web", "FOSTER_INSTANCE=web:1",
                                              "FOSTER_RUN=tag/1/3", "NOTIFY_SOCKET=@foster/x"));
}

}  // namespace
}  // namespace foster::supervisor
