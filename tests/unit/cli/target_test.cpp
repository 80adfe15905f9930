#include "cli/target.hpp"

#include "unit/cli/fake_foster.hpp"

namespace foster::cli {
namespace {

using TargetRules = CliTest;

std::string name_now() {
  return find_target({})->name;
}

TEST_F(TargetRules, TheOptionWinsOverEverything) {
  environment.set("FOSTER_NAME", "from-environment");
  EXPECT_EQ(find_target({.name = "from-option"})->name, "from-option");
}

TEST_F(TargetRules, TheEnvironmentWinsOverTheConfigOfTheDirectory) {
  testing::write_file("foster.toml", "name = \"from-config\"\n");
  environment.set("FOSTER_NAME", "from-environment");
  EXPECT_EQ(name_now(), "from-environment");
  environment.set("FOSTER_NAME", "");
  EXPECT_EQ(name_now(), "from-config");
}

TEST_F(TargetRules, TheConfigOfTheDirectoryWinsOverWhatRuns) {
  pretend_running("other");
  testing::write_file("foster.toml", "# a shop\n name = 'shop' # its name\n[service.web]\ncommand = \"true\"\n");
  EXPECT_EQ(name_now(), "shop");
}

TEST_F(TargetRules, AConfigWithoutANameHasItsDirectorysName) {
  for (const char* file : {"Procfile", "supervisord.conf", "foster.toml"}) {
    testing::write_file(file, "");
    EXPECT_EQ(name_now(), "cwd") << file;
  }
}

TEST_F(TargetRules, FosterTomlIsPreferredToForeignConfigs) {
  testing::write_file("supervisord.conf", "");
  testing::write_file("foster.toml", "name = \"mine\"\n");
  EXPECT_EQ(name_now(), "mine");
}

TEST_F(TargetRules, ANameBelowATableIsNotTheFosters) {
  testing::write_file("foster.toml", "[service.web]\nname = \"web\"\n");
  EXPECT_EQ(name_now(), "cwd");
}

TEST_F(TargetRules, AnUnusuallyWrittenNameIsReadByTheRealParser) {
  testing::write_file("foster.toml", "\"name\" = \"\\u0073hop\"\n[service.web]\ncommand = \"true\"\n");
  EXPECT_EQ(name_now(), "shop");
}

TEST_F(TargetRules, ABrokenConfigStillHasItsName) {
  testing::write_file("foster.toml", "name = \"shop\"\n[service.web\n");
  EXPECT_EQ(name_now(), "shop");
}

TEST_F(TargetRules, TheOnlyOneRunningIsMeant) {
  pretend_running("lonely");
  EXPECT_EQ(name_now(), "lonely");
  EXPECT_EQ(find_target({})->found, Target::Found::only_running);
}

TEST_F(TargetRules, WithSeveralRunningTheDefaultIsMeant) {
  pretend_running("a");
  pretend_running("b");
  EXPECT_EQ(name_now(), "default");
}

TEST_F(TargetRules, ALockThatNobodyHoldsIsNotRunning) {
  pretend_running("dead");
  testing::write_file(place.path("run/dead/lock"), std::to_string(::getpid()) + "\n");  // not a foster
  EXPECT_EQ(name_now(), "default");
}

TEST_F(TargetRules, NothingAtAllMeansTheDefault) {
  EXPECT_EQ(name_now(), "default");
  EXPECT_EQ(find_target({})->directories.runtime, place.path("run") + "/default");
}

TEST_F(TargetRules, AGivenConfigCountsInsteadOfTheDirectorys) {
  testing::write_file("foster.toml", "name = \"here\"\n");
  std::filesystem::create_directory("there");
  testing::write_file("there/foster.toml", "name = \"there\"\n");
  EXPECT_EQ(find_target({.config = "there/foster.toml"})->name, "there");
}

TEST_F(TargetRules, ANameThatCanBeNoneIsRefused) {
  EXPECT_FALSE(find_target({.name = "../evil"}));
  EXPECT_EQ(run_command({"--name", "a/b", "ps"}).code, 2);
}

}  // namespace
}  // namespace foster::cli
