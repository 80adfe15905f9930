// Each invariant can fail: with one rule broken, the stories notice, and by the right invariant.
#include <gtest/gtest.h>

#include "mutation_names.hpp"
#include "simulation.hpp"

namespace foster::sim {
namespace {

constexpr std::uint64_t kSeeds = 1'000;
constexpr unsigned kSteps = 60;

// A rule is broken as long as this lives.
class ScopedMutation {
 public:
  explicit ScopedMutation(core::Mutation mutation) { core::active_mutation = mutation; }
  ~ScopedMutation() { core::active_mutation = core::Mutation::none; }
  ScopedMutation(const ScopedMutation&) = delete;
  ScopedMutation& operator=(const ScopedMutation&) = delete;
};

class BrokenRule : public ::testing::TestWithParam<NamedMutation> {};

TEST_P(BrokenRule, IsNoticedByItsInvariant) {
  const ScopedMutation broken(GetParam().mutation);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = run(make_story(seed, kSteps));
    for (const core::Violation& violation : outcome.violations) {
      if (violation.invariant == GetParam().invariant) return;
    }
  }
  FAIL() << GetParam().name << ": nobody noticed in " << kSeeds << " seeds";
}

TEST_P(BrokenRule, IsToldInAShortStory) {
  const ScopedMutation broken(GetParam().mutation);
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Story story = make_story(seed, kSteps);
    const Outcome outcome = run(story);
    if (outcome.violations.empty()) continue;
    const Story shortest = shrink(story, outcome);
    EXPECT_FALSE(run(shortest).violations.empty());
    EXPECT_LE(shortest.ops.size(), 12U) << report(shortest);
    return;
  }
  FAIL() << GetParam().name << ": nobody noticed in " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Each, BrokenRule, ::testing::ValuesIn(kMutationNames), [](const auto& named) {
  std::string name;
  bool upper = true;
  for (const char c : named.param.name) {
    if (c != '-') name += upper ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '-';
  }
  return name;
});

TEST(UnbrokenRules, BreakNoInvariantInTheSameSeeds) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Story story = make_story(seed, kSteps);
    const Outcome outcome = run(story);
    ASSERT_TRUE(outcome.violations.empty()) << report(shrink(story, outcome));
  }
}

}  // namespace
}  // namespace foster::sim
