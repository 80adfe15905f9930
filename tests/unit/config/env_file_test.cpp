#include "config/env_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(EnvFile, ReadsPlainQuotedAndExportedValues) {
  const EnvFile file = parse_env_file(
      "# comment\n"
      "\n"
      "A=plain\n"
      "  B = with blanks around   # comment\n"
      "export C='literal $x \\n # kept'\n"
      "D=\"escaped \\\"q\\\" \\\\ \\$ \\n\\t \\x\" # comment\n"
      "E=\n"
      "F=a#b=c\n"
      "G=# nothing\n"
      "export=1\n",
      ".env");
  EXPECT_THAT(file.diagnostics, IsEmpty());
  EXPECT_THAT(file.variables, ElementsAre(Pair("A", "plain"), Pair("B", "with blanks around"),
                                          Pair("C", "literal $x \\n # kept"), Pair("D", "escaped \"q\" \\ $ \n\t \\x"),
                                          Pair("E", ""), Pair("F", "a#b=c"), Pair("G", ""), Pair("export", "1")));
}

TEST(EnvFile, ReadsValuesOverSeveralLines) {
  const EnvFile file = parse_env_file("A=\"one\ntwo\\\nthree\"\nB='four\nfive'\n", ".env");
  EXPECT_THAT(file.diagnostics, IsEmpty());
  EXPECT_THAT(file.variables, ElementsAre(Pair("A", "one\ntwothree"), Pair("B", "four\nfive")));
}

TEST(EnvFile, LosesAByteOrderMarkAndCarriageReturns) {
  const EnvFile file = parse_env_file(
      "\xEF\xBB\xBF"
      "A=1\r\nB=\"2\"\r\n\r\nC=3",
      ".env");
  EXPECT_THAT(file.diagnostics, IsEmpty());
  EXPECT_THAT(file.variables, ElementsAre(Pair("A", "1"), Pair("B", "2"), Pair("C", "3")));
}

TEST(EnvFile, KeepsTheLastOfTwoValues) {
  EXPECT_THAT(parse_env_file("A=1\nB=2\nA=3\n", ".env").variables, ElementsAre(Pair("A", "3"), Pair("B", "2")));
}

TEST(EnvFile, ReportsEveryBadLineWithItsPlaceAndGoesOn) {
  const EnvFile file = parse_env_file("A 1\n  =x\nB='1' 2\nC=3\n\tD-\xC3\xA9=1\nE=\xFF\n", "x/.env");
  EXPECT_THAT(file.variables, ElementsAre(Pair("C", "3")));
  EXPECT_EQ(render(file.diagnostics),
            "x/.env:1:1: error: this is not KEY=VALUE\n"
            "    1 | A 1\n"
            "      | ^\n"
            "      = hint: write KEY=VALUE, or # before a comment\n"
            "\n"
            "x/.env:2:3: error: this is not KEY=VALUE\n"
            "    2 |   =x\n"
            "      |   ^\n"
            "      = hint: write KEY=VALUE, or # before a comment\n"
            "\n"
            "x/.env:3:7: error: something follows the closing quote\n"
            "    3 | B='1' 2\n"
            "      |       ^\n"
            "      = hint: only a comment may follow\n"
            "\n"
            "x/.env:5:2: error: this is not KEY=VALUE\n"
            "    5 | \tD-é=1\n"
            "      | \t^\n"
            "      = hint: write KEY=VALUE, or # before a comment\n"
            "\n"
            "x/.env:6:3: error: the value is not UTF-8\n"
            "    6 | E=\xEF\xBF\xBD\n"
            "      |   ^\n");
}

TEST(EnvFile, ReportsAnOpenQuoteWhereItBegins) {
  EXPECT_EQ(render(parse_env_file("A=1\nB= \"x\ny\n", ".env").diagnostics),
            ".env:2:4: error: the quote is not closed\n"
            "    2 | B= \"x\n"
            "      |    ^\n"
            "      = hint: end the value with \"\n");
}

TEST(EnvFile, ReportsANulByte) {
  EXPECT_EQ(parse_env_file(std::string("A=x\0y\n", 6), ".env").diagnostics.at(0).message, "the value holds a NUL byte");
}

}  // namespace
}  // namespace foster::config
