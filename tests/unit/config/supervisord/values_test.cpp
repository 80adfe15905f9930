// The small languages inside values; differential_test compares them with the real ones where those are installed.
#include "config/supervisord/values.hpp"

#include <pwd.h>

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/supervisord/expansion.hpp"
#include "support/scoped_environment.hpp"
#include "unit/config/temporary_directory.hpp"

namespace foster::config::supervisord {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const Expansions kNames{{"here", "/etc"}, {"process_num", std::int64_t{7}}, {"ENV_HOME", "/root"}};

std::string expanded(std::string_view text) {
  const auto result = expand(text, kNames);
  return result ? result->text : "ERROR: " + result.error().message + " | " + result.error().hint;
}

TEST(Expansion, ReplacesNamesAsPrintfWould) {
  EXPECT_EQ(expanded("%(here)s/%(process_num)02d"), "/etc/07");
  EXPECT_EQ(expanded("[%(process_num)-3d]"), "[7  ]");
  EXPECT_EQ(expanded("[%(here)6s]"), "[  /etc]");
  EXPECT_EQ(expanded("%(here).2s"), "/e");
  EXPECT_EQ(expanded("%(process_num)s"), "7");
  EXPECT_EQ(expanded("100%%"), "100%");
  EXPECT_EQ(expanded("$HOME ${x} ~"), "$HOME ${x} ~");
}

TEST(Expansion, SaysWhichNamesThereAre) {
  EXPECT_EQ(expanded("%(hree)s"), "ERROR: \"%(hree)s\" is not known here | did you mean \"here\"?");
  EXPECT_EQ(
      expanded("%(nothing_like_it)s"),
      "ERROR: \"%(nothing_like_it)s\" is not known here | known here: here, process_num, and ENV_NAME for variables");
}

TEST(Expansion, RefusesALonePercentSign) {
  EXPECT_EQ(expanded("date +%"), "ERROR: a \"%\" at the end begins nothing | write \"%%\" for a percent sign");
  EXPECT_THAT(expanded("%h"), ::testing::StartsWith("ERROR: "));
  EXPECT_THAT(expanded("%(here"), ::testing::StartsWith("ERROR: a \"%(\" is not closed"));
  EXPECT_THAT(expanded("%(here)d"), ::testing::HasSubstr("wants a number"));
  EXPECT_THAT(expanded("%(here)5%"), ::testing::StartsWith("ERROR: "));
}

TEST(Expansion, LeavesANamelessOneAndSaysSo) {
  const auto result = expand("date +%s", kNames);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->text, "date +%s");
  EXPECT_TRUE(result->has_nameless);
}

TEST(Expansion, DoesNotFillTheMemory) {
  EXPECT_THAT(expanded("%(here)999999999s"), ::testing::StartsWith("ERROR: "));
}

TEST(Values, BytesGoBy1024) {
  EXPECT_EQ(parse_bytes("50MB"), std::uint64_t{50} << 20U);
  EXPECT_EQ(parse_bytes("10 kb"), 10240U);
  EXPECT_EQ(parse_bytes("1Gb"), std::uint64_t{1} << 30U);
  for (const char* wrong : {"", "1K", "1TB", "1.5MB", "KB", "99999999999999GB", "-1"})
    EXPECT_FALSE(parse_bytes(wrong)) << wrong;
}

TEST(Values, SignalsGoByNameOrNumber) {
  for (const char* term : {"TERM", "sigterm", "15", " Term "}) EXPECT_EQ(parse_stop_signal(term)->number(), 15) << term;
  for (const char* wrong : {"", "NOPE", "65", "-1"}) EXPECT_FALSE(parse_stop_signal(wrong)) << wrong;
}

TEST(Values, ExitCodesMayBeNone) {
  EXPECT_THAT(*parse_exit_codes("0, 2"), ElementsAre(0, 2));
  EXPECT_THAT(*parse_exit_codes(""), IsEmpty());
  for (const char* wrong : {"256", "-1", "0,", "x"}) EXPECT_FALSE(parse_exit_codes(wrong)) << wrong;
}

TEST(Values, AutoRestartIsAFlagOrUnexpected) {
  EXPECT_EQ(parse_auto_restart("TRUE"), AutoRestart::always);
  EXPECT_EQ(parse_auto_restart("off"), AutoRestart::never);
  EXPECT_EQ(parse_auto_restart("Unexpected"), AutoRestart::unexpected);
  EXPECT_FALSE(parse_auto_restart("sometimes"));
}

TEST(Values, AddressesNeedAPort) {
  EXPECT_EQ(parse_inet_address("9001"), (InetAddress{"", 9001}));
  EXPECT_EQ(parse_inet_address("*:9001"), (InetAddress{"", 9001}));
  EXPECT_EQ(parse_inet_address("LocalHost:1"), (InetAddress{"localhost", 1}));
  for (const char* wrong : {"", "h:", "h", "0", "65536"}) EXPECT_FALSE(parse_inet_address(wrong)) << wrong;
}

TEST(Values, EnvironmentsAreReadAsVersion42Does) {
  EXPECT_THAT(*parse_environment("A=1,B=\"x, y\",\n C='z'"),
              ElementsAre(Pair("A", "1"), Pair("B", "x, y"), Pair("C", "z")));
  EXPECT_THAT(*parse_environment("PATH=/usr/bin:/bin,"), ElementsAre(Pair("PATH", "/usr/bin:/bin")));
  EXPECT_THAT(*parse_environment("A='say \"hi\"'"), ElementsAre(Pair("A", "say \"hi")));
  EXPECT_THAT(*parse_environment("A=\"x\"y"), ElementsAre(Pair("A", "x")));
  EXPECT_THAT(*parse_environment("A=\"C:\\dir\\\""), ElementsAre(Pair("A", "C:\\dir\\")));
  EXPECT_THAT(*parse_environment("A=1,A=2"), ElementsAre(Pair("A", "2")));
  EXPECT_THAT(*parse_environment(""), IsEmpty());
  for (const char* wrong : {"A", "A=", "A=a@b", "A=1 B=2", "A=\"x"}) EXPECT_FALSE(parse_environment(wrong)) << wrong;
}

TEST(Values, EnvironmentsThatVersion42RefusesAreReadAsLaterOnesDo) {
  EXPECT_THAT(*parse_environment("A=\"say \\\"hi\\\"\",B=2"), ElementsAre(Pair("A", "say \"hi\""), Pair("B", "2")));
}

TEST(Values, CommandsAreSplitAsByAShell) {
  EXPECT_THAT(*parse_command("sh -c 'a b' \"c \\\"d\\\"\" e\\ f \"\""),
              ElementsAre("sh", "-c", "a b", "c \"d\"", "e f", ""));
  EXPECT_THAT(*parse_command("a | b # c"), ElementsAre("a", "|", "b", "#", "c"));
  for (const char* wrong : {"", "  ", "'x", "x\\"}) EXPECT_FALSE(parse_command(wrong)) << wrong;
}

TEST(Values, LogFilesAreWordsOrPathsInADirectoryThatIsThere) {
  const TemporaryDirectory directory;
  EXPECT_EQ(parse_log_file("none", "/"), (LogFile{.kind = LogFile::Kind::none}));
  EXPECT_EQ(parse_log_file("OFF", "/"), (LogFile{.kind = LogFile::Kind::none}));
  EXPECT_EQ(parse_log_file("Auto", "/"), (LogFile{.kind = LogFile::Kind::automatic}));
  EXPECT_EQ(parse_log_file("syslog", "/"), (LogFile{.kind = LogFile::Kind::syslog}));
  EXPECT_EQ(parse_log_file("x.log", directory.path()), (LogFile{.kind = LogFile::Kind::path, .path = "x.log"}));
  EXPECT_EQ(parse_log_file("./x.log", directory.path())->path, "./x.log");
  EXPECT_FALSE(parse_log_file("no/x.log", directory.path()));
}

TEST(Values, ATildeIsAHome) {
  foster::testing::ScopedEnvironment environment;
  environment.set("HOME", "/srv/somebody/");
  EXPECT_EQ(expand_home("~/x"), "/srv/somebody/x");
  EXPECT_EQ(expand_home("~"), "/srv/somebody");
  EXPECT_EQ(expand_home("~root/x"), std::string(::getpwnam("root")->pw_dir) + "/x");
  EXPECT_EQ(expand_home("~nobody-is-called-so/x"), "~nobody-is-called-so/x");
  EXPECT_EQ(expand_home("a~"), "a~");
}

TEST(Values, UsersAreThoseOfThisMachine) {
  EXPECT_EQ(parse_user("root")->uid, 0U);
  EXPECT_EQ(parse_user("0")->uid, 0U);
  EXPECT_EQ(parse_owner("root:0")->gid, 0U);
  EXPECT_FALSE(parse_owner("root")->gid);
  for (const char* wrong : {"", "nobody-is-called-so", "-1", "99999999999"}) EXPECT_FALSE(parse_user(wrong)) << wrong;
  EXPECT_FALSE(parse_owner("root:nobody-is-called-so"));
}

}  // namespace
}  // namespace foster::config::supervisord
