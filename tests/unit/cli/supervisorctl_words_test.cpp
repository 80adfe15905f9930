#include "cli/supervisorctl/words.hpp"

#include <gtest/gtest.h>

namespace foster::cli::supervisorctl {
namespace {

TEST(SupervisorctlWords, AreSplitAtBlanksOfAnyNumber) {
  EXPECT_EQ(words_of("  a\tb\n c "), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(words_of(" \v\f").empty());
}

TEST(SupervisorctlWords, NumbersAreThoseOfInt) {
  EXPECT_EQ(number_of("100"), 100);
  EXPECT_EQ(number_of("+1_000"), 1000);
  EXPECT_EQ(number_of(" -7 "), -7);
  EXPECT_EQ(number_of("007"), 7);
  for (const auto* bad : {"", "-", "1.5", "_1", "1_", "1__0", "f", "0x10", "1 2"}) {
    EXPECT_EQ(number_of(bad), std::nullopt) << bad;
  }
}

TEST(SupervisorctlWords, NumbersThatCannotBeSentAreTheNearestThatCan) {
  EXPECT_EQ(number_of("99999999999999999999999"), INT32_MAX);
  EXPECT_EQ(number_of("-2147483648"), -INT32_MAX);
}

TEST(SupervisorctlWords, QuotesAreThoseOfRepr) {
  EXPECT_EQ(in_quotes("plain"), "'plain'");
  EXPECT_EQ(in_quotes("it's"), "\"it's\"");
  EXPECT_EQ(in_quotes("it's \"x\""), "'it\\'s \"x\"'");
  EXPECT_EQ(in_quotes("a\\b\n\x1b\xc2\x85"), "'a\\\\b\\n\\x1b\\x85'");
  EXPECT_EQ(in_quotes("zwölf"), "'zwölf'");
}

}  // namespace
}  // namespace foster::cli::supervisorctl
