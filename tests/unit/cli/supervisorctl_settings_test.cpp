#include "cli/supervisorctl/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/scoped_environment.hpp"
#include "support/temporary_directory.hpp"

namespace foster::cli::supervisorctl {
namespace {

using ::testing::HasSubstr;

struct SupervisorctlSettings : ::testing::Test {
  foster::testing::TemporaryDirectory place;
  foster::testing::ScopedEnvironment environment;

  Settings read(const std::string& text, CommandLine line = {}) {
    line.config_file = place.path("x.conf");
    foster::testing::write_file(*line.config_file, text);
    auto settings = read_settings(line, "/nowhere/bin/supervisorctl");
    if (!settings) ADD_FAILURE() << settings.error();
    return settings.value_or(Settings{});
  }

  std::string problem(const std::string& text) {
    foster::testing::write_file(place.path("x.conf"), text);
    const auto settings = read_settings({.config_file = place.path("x.conf")}, "");
    return settings ? "none" : settings.error();
  }
};

TEST_F(SupervisorctlSettings, EveryKeyOfTheSectionIsUsed) {
  environment.set("SHOP", "shop");
  const auto settings = read(
      "[supervisorctl]\nserverurl = unix://%(here)s/a/../s.sock ; a comment\nusername=%(ENV_SHOP)s\npassword=x%%y\n"
      "prompt=at %(ENV_SHOP)s\nhistory_file=%(here)s/history\n[ctlplugin:x]\nsupervisor.ctl_factory=a:b\n");
  EXPECT_EQ(settings.url, "unix://" + place.path("s.sock"));
  EXPECT_EQ(settings.username, "shop");
  EXPECT_EQ(settings.password, "x%y");
  EXPECT_EQ(settings.prompt, "at shop");
  EXPECT_EQ(settings.history_file, place.path("history"));
  EXPECT_THAT(settings.ignored, ::testing::ElementsAre("ctlplugin:x"));
}

TEST_F(SupervisorctlSettings, TheCommandLineWins) {
  const auto settings = read("[supervisorctl]\nserverurl=http://a:1\nusername=a\npassword=a\nhistory_file=/a\n",
                             {.url = "http://b:2", .username = "b", .password = "c", .history_file = "/b"});
  EXPECT_EQ(settings.url, "http://b:2");
  EXPECT_EQ(settings.username, "b");
  EXPECT_EQ(settings.password, "c");
  EXPECT_EQ(settings.history_file, "/b");
}

TEST_F(SupervisorctlSettings, AnEmptySectionMeansTheUsualPlace) {
  const auto settings = read("[supervisorctl]\n");
  EXPECT_EQ(settings.url, "http://localhost:9001");
  EXPECT_EQ(settings.prompt, "supervisor");
  EXPECT_FALSE(settings.username);
  EXPECT_EQ(settings.history_file, "");
}

TEST_F(SupervisorctlSettings, AFileBesideTheProgramIsFound) {
  std::filesystem::create_directories(place.path("etc"));
  foster::testing::write_file(place.path("etc/supervisord.conf"), "[supervisorctl]\nprompt=beside\n");
  const auto settings = read_settings({}, place.path("bin/supervisorctl"));
  ASSERT_TRUE(settings) << settings.error();
  EXPECT_EQ(settings->prompt, "beside");
}

TEST_F(SupervisorctlSettings, MistakesAreTold) {
  EXPECT_EQ(problem("[supervisord]\n"), ".ini file does not include supervisorctl section");
  EXPECT_THAT(problem("[supervisorctl]\nserverurl=%(nowhere)s\n"), HasSubstr("supervisorctl.serverurl"));
  EXPECT_THAT(problem("[supervisorctl]\nprompt=%(here)s\n"), HasSubstr("supervisorctl.prompt"));
  EXPECT_THAT(problem("prompt=x\n"), HasSubstr("line 1"));
  EXPECT_EQ(read_settings({.config_file = place.path("nowhere")}, "").error(),
            "could not find config file " + place.path("nowhere"));
}

}  // namespace
}  // namespace foster::cli::supervisorctl
