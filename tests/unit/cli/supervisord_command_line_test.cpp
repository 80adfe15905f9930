#include "cli/supervisord/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "cli/supervisord/main.hpp"

namespace foster::cli::supervisord {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::expected<CommandLine, std::string> parse(std::initializer_list<const char*> words) {
  return parse_command_line({words.begin(), words.size()});
}

TEST(SupervisordCommandLine, OptionsAreKeysOfTheFile) {
  const auto line = parse({"-nc", "x.conf", "--logfile_max=1MB", "-ishop", "--minprocs", "7", "-k"});
  ASSERT_TRUE(line) << line.error();
  EXPECT_EQ(line->config_file, "x.conf");
  EXPECT_THAT(line->overrides, ElementsAre(Pair("identifier", "shop"), Pair("logfile_maxbytes", "1MB"),
                                           Pair("minprocs", "7"), Pair("nocleanup", "true"), Pair("nodaemon", "true")));
}

TEST(SupervisordCommandLine, HelpAndVersionComeBeforeAllElse) {
  EXPECT_TRUE(parse({"-n", "-h"})->wants_help);
  EXPECT_TRUE(parse({"-n", "-?"})->wants_help);
  EXPECT_TRUE(parse({"--version", "-h"})->wants_version);
}

TEST(SupervisordCommandLine, WhatItRefuses) {
  EXPECT_EQ(parse({"-x"}).error(), "option -x not recognized");
  EXPECT_EQ(parse({"--log"}).error(), "option --log not a unique prefix");
  EXPECT_EQ(parse({"-n", "--nodaemon"}).error(), "conflicting command line option '--nodaemon'");
  EXPECT_EQ(parse({"-c"}).error(), "option -c requires argument");
  EXPECT_EQ(parse({"web"}).error(), "positional arguments are not supported: ['web']");
}

TEST(SupervisordInstance, OneFileHasOneName) {
  const std::string name = instance_name_for("/nowhere/supervisord.conf");
  EXPECT_TRUE(name.starts_with("supervisord-"));
  EXPECT_EQ(name.size(), 24U);
  EXPECT_EQ(name, instance_name_for("/nowhere/supervisord.conf"));
  EXPECT_NE(name, instance_name_for("/nowhere/other.conf"));
  EXPECT_EQ(instance_name_for("/proc/self/../self/status"), instance_name_for("/proc/self/status"));
}

}  // namespace
}  // namespace foster::cli::supervisord
