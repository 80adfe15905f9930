// Many made-up stories; a failure prints the shortest one and the command that replays it.
#include <gtest/gtest.h>

#include "simulation.hpp"

namespace foster::sim {
namespace {

#ifdef FOSTER_SANITIZED
constexpr std::uint64_t kSeeds = 2'000;
#else
constexpr std::uint64_t kSeeds = 20'000;
#endif
constexpr std::uint64_t kParts = 8;
constexpr unsigned kSteps = 60;

class Stories : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Stories, BreakNoInvariant) {
  const std::uint64_t first = 1 + GetParam() * (kSeeds / kParts);
  for (std::uint64_t seed = first; seed < first + kSeeds / kParts; ++seed) {
    const Story story = make_story(seed, kSteps);
    const Outcome outcome = run(story);
    ASSERT_TRUE(outcome.violations.empty()) << report(shrink(story, outcome));
  }
}

INSTANTIATE_TEST_SUITE_P(OfManySeeds, Stories, ::testing::Range<std::uint64_t>(0, kParts));

TEST(Story, IsTheSameAfterBeingWrittenAndRead) {
  const Story story = make_story(7, 200);
  const auto again = story_from_text(to_text(story));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->seed, story.seed);
  EXPECT_EQ(again->ops, story.ops);
}

TEST(Story, IsRefusedWhenItIsNoStory) {
  for (const char* text : {"", "7", "7:z1", "7:a", "7:a1,", "x:a1", "7:a1.", "7:a1;a2"}) {
    EXPECT_FALSE(story_from_text(text).has_value()) << text;
  }
}

TEST(Story, EndsTheSameWayEachTimeItIsTold) {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    const Story story = make_story(seed, kSteps);
    EXPECT_EQ(run(story).steps, run(story).steps) << "seed " << seed;
    EXPECT_EQ(run(story, Trail::keep).trail, run(story, Trail::keep).trail) << "seed " << seed;
  }
}

}  // namespace
}  // namespace foster::sim
