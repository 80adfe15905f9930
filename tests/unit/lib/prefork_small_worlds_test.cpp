// Every short story a pool can live through, against what must always hold.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "lib/prefork_plan.hpp"
#include "unit/lib/prefork_world.hpp"

namespace foster {
namespace {

using namespace foster::testing;

/// Every sequence of things that can happen, up to a length, against what must always hold.
class SmallWorlds {
 public:
  static constexpr unsigned kMost = 3;

  void explore(const std::vector<int>& story) {
    auto options = quick();
    options.ready_within = 5s;
    options.heartbeat = 7s;
    options.max_restarts = 3;
    World world(options, 2);
    for (const int what : story) step(world, what);
    world.plan().stop();
    world.act();
    for (int round = 0; round < 3 && !world.plan().is_done(); ++round) world.pass(20s);
    // Everybody was asked and then killed; when they end, so does the pool.
    const auto left = world.plan().workers();
    for (const WorkerInfo& worker : left) {
      ASSERT_EQ(worker.state, WorkerInfo::State::stopping);
      world.ends(static_cast<RunNumber>(worker.pid.number() - 100), Killed{*Signal::from_number(SIGKILL)});
    }
    ASSERT_TRUE(world.plan().is_done()) << ::testing::PrintToString(story);
    ++stories;
  }

  int stories = 0;

 private:
  static std::optional<RunNumber> pick(World& world, std::size_t place) {
    const auto all = world.plan().workers();
    if (place >= all.size()) return std::nullopt;
    return static_cast<RunNumber>(all[place].pid.number() - 100);
  }

  static void step(World& world, int what) {
    const auto first = pick(world, 0);
    const auto last = pick(world, world.plan().workers().size() - 1);
    switch (what) {
      case 0:
        if (first) world.ends(*first, Exited{1});
        break;
      case 1:
        if (last) world.ends(*last, Exited{0});
        break;
      case 2:
        for (RunNumber run = 1; run < 40; ++run) world.is_ready(run);
        break;
      case 3:
        world.plan().restart();
        break;
      case 4:
        world.plan().scale(world.plan().size() == kMost ? 1 : kMost);
        break;
      case 5:
        world.pass(6s);
        break;
      default:
        world.pass(3s);
        break;
    }
    world.act();
    check(world);
  }

  static void check(World& world) {
    std::map<unsigned, int> alive;
    for (const WorkerInfo& worker : world.plan().workers()) {
      if (worker.state != WorkerInfo::State::stopping) ++alive[worker.task];
    }
    for (const auto& [task, count] : alive) {
      ASSERT_LT(task, world.plan().size());
      ASSERT_LE(count, 2) << "an old one and its replacement";
    }
  }
};

TEST(PreforkPlan, EveryShortStoryEndsWithNobodyLeft) {
  SmallWorlds worlds;
  constexpr int kEvents = 7;
#if defined(FOSTER_SANITIZED)
  constexpr int kLength = 4;
#else
  constexpr int kLength = 5;
#endif
  std::vector<int> story(kLength, 0);
  for (;;) {
    ASSERT_NO_FATAL_FAILURE(worlds.explore(story));
    std::size_t place = 0;
    while (place < story.size() && ++story[place] == kEvents) story[place++] = 0;
    if (place == story.size()) break;
  }
  EXPECT_EQ(worlds.stories, static_cast<int>(std::pow(kEvents, kLength)));
}

}  // namespace
}  // namespace foster
