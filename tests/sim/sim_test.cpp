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

// What happens around a fleet is the same with and without the losses as long as nobody is answered earlier for them,
// and as long as it does not hang on how many runs are alive. Then all must come to the same end.
TEST(Story, EndsTheSameWhereTheSupervisorIsNeverLost) {
  unsigned losses = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds / 4; ++seed) {
    Story story = make_story(seed, kSteps);
    std::erase_if(story.ops, [](const Op& op) {
      const bool is_lost_torn = op.deed == Deed::lose_supervisor && op.b != 0;  // what was asked then is asked in vain
      const bool is_kept = op.deed == Deed::advance || op.deed == Deed::start || op.deed == Deed::stop ||
                           op.deed == Deed::restart || op.deed == Deed::lose_supervisor;
      return !is_kept || is_lost_torn;
    });
    const Outcome outcome = run(story);
    ASSERT_TRUE(outcome.violations.empty()) << report(shrink(story, outcome));
    if (outcome.told_early > 0) continue;
    losses += outcome.losses;
    Story calm = story;
    std::erase_if(calm.ops, [](const Op& op) { return op.deed == Deed::lose_supervisor; });
    ASSERT_EQ(outcome.end, run(calm).end) << to_text(story);
  }
  EXPECT_GT(losses, kSeeds / 40);
}

}  // namespace
}  // namespace foster::sim
