#include "cli/supervisorctl/command_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::cli::supervisorctl {
namespace {

using ::testing::ElementsAre;

std::expected<CommandLine, std::string> parse(std::initializer_list<const char*> words) {
  return parse_command_line({words.begin(), words.size()});
}

TEST(SupervisorctlCommandLine, OptionsEndAtTheFirstWord) {
  const auto line = parse({"-c", "x.conf", "-iumme", "--password=p=q", "--hist", "h", "tail", "-f", "web"});
  ASSERT_TRUE(line) << line.error();
  EXPECT_EQ(line->config_file, "x.conf");
  EXPECT_TRUE(line->is_interactive);
  EXPECT_EQ(line->username, "mme");
  EXPECT_EQ(line->password, "p=q");
  EXPECT_EQ(line->history_file, "h");
  EXPECT_THAT(line->words, ElementsAre("tail", "-f", "web"));
}

TEST(SupervisorctlCommandLine, DashesThatAreNoOption) {
  EXPECT_THAT(parse({"--", "-x"})->words, ElementsAre("-x"));
  EXPECT_THAT(parse({"-", "-x"})->words, ElementsAre("-", "-x"));
}

TEST(SupervisorctlCommandLine, HelpIsAskedForBeforeOrAfterAMistake) {
  EXPECT_TRUE(parse({"-h", "-s", "bad"})->wants_help);
  EXPECT_FALSE(parse({"-s", "bad", "-h"}));
  EXPECT_FALSE(parse({"-h", "-x"}));
}

TEST(SupervisorctlCommandLine, MistakesAreToldInTheWordsOfTheOriginal) {
  EXPECT_EQ(parse({"-x"}).error(), "option -x not recognized");
  EXPECT_EQ(parse({"--x"}).error(), "option --x not recognized");
  EXPECT_EQ(parse({"--h"}).error(), "option --h not a unique prefix");
  EXPECT_EQ(parse({"--help=x"}).error(), "option --help must not have an argument");
  EXPECT_EQ(parse({"-s"}).error(), "option -s requires argument");
  EXPECT_EQ(parse({"--ser"}).error(), "option --serverurl requires argument");
  EXPECT_EQ(parse({"-u", "a", "--user", "b"}).error(), "conflicting command line option '--username'");
  EXPECT_EQ(parse({"-s", "x"}).error(), "invalid value for -s 'x': value 'x' is not a URL");
}

}  // namespace
}  // namespace foster::cli::supervisorctl
