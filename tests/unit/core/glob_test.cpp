#include "core/glob.hpp"

#include <gtest/gtest.h>

#include <string>

namespace foster::core {
namespace {

TEST(Glob, MatchesTheWholeText) {
  EXPECT_TRUE(matches_glob("web", "web"));
  EXPECT_FALSE(matches_glob("web", "web:0"));
  EXPECT_FALSE(matches_glob("web", "my-web"));
  EXPECT_TRUE(matches_glob("", ""));
  EXPECT_FALSE(matches_glob("", "a"));
}

TEST(Glob, StarTakesAnyRun) {
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("web*", "web:12"));
  EXPECT_TRUE(matches_glob("*:1", "web:1"));
  EXPECT_TRUE(matches_glob("a*b*c", "aXbXbXc"));
  EXPECT_FALSE(matches_glob("a*b*c", "aXbXcX"));
}

TEST(Glob, QuestionMarkTakesOneCharacter) {
  EXPECT_TRUE(matches_glob("w?b", "web"));
  EXPECT_FALSE(matches_glob("w?b", "wb"));
}

TEST(Glob, SetsTakeOneOfThem) {
  EXPECT_TRUE(matches_glob("[a-c]x", "bx"));
  EXPECT_FALSE(matches_glob("[a-c]x", "dx"));
  EXPECT_TRUE(matches_glob("[!a-c]x", "dx"));
  EXPECT_TRUE(matches_glob("[]]", "]"));
  EXPECT_TRUE(matches_glob("[a-]", "-"));
  EXPECT_TRUE(matches_glob("web:[02]", "web:2"));
}

TEST(Glob, OpenSetStandsForItself) {
  EXPECT_TRUE(matches_glob("[ab", "[ab"));
  EXPECT_FALSE(matches_glob("[ab", "a"));
}

TEST(Glob, BackslashTakesTheNextLiterally) {
  EXPECT_TRUE(matches_glob("\\*", "*"));
  EXPECT_FALSE(matches_glob("\\*", "a"));
}

TEST(Glob, ManyStarsDoNotTakeForEver) {
  const std::string text(2000, 'a');
  EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*a*b", text));
}

}  // namespace
}  // namespace foster::core
