#include "supervisor/line_matcher.hpp"

#include <gtest/gtest.h>

namespace foster::supervisor {
namespace {

LineMatcher matcher(const std::string& pattern) {
  return std::move(*LineMatcher::make(pattern));
}

TEST(LineMatcher, FindsALineHoweverItsBytesArrive) {
  const std::string text = "warming up\nlistening on 8080\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    LineMatcher lines = matcher("^listening on [0-9]+$");
    const bool early = lines.feed(text.substr(0, cut));
    EXPECT_TRUE(early || lines.feed(text.substr(cut))) << cut;
  }
}

TEST(LineMatcher, DoesNotMatchAcrossLines) {
  LineMatcher lines = matcher("a.*b");
  EXPECT_FALSE(lines.feed("a\nb\n"));
}

TEST(LineMatcher, JudgesAnUnfinishedLineToo) {
  LineMatcher lines = matcher("ready");
  EXPECT_TRUE(lines.feed("ready> "));
}

TEST(LineMatcher, SurvivesAnEndlessLine) {
  LineMatcher lines = matcher("(a|b)*c");
  for (int n = 0; n < 100; ++n) EXPECT_FALSE(lines.feed(std::string(100'000, 'x')));
  EXPECT_TRUE(lines.feed("\nc\n"));
}

TEST(LineMatcher, ReportsAPatternThatIsNone) {
  EXPECT_FALSE(LineMatcher::make("(").has_value());
}

}  // namespace
}  // namespace foster::supervisor
