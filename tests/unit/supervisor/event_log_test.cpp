#include "supervisor/event_log.hpp"

#include <gtest/gtest.h>

namespace foster::supervisor {
namespace {

class Events : public ::testing::Test {
 protected:
  void publish(const std::string& name) {
    log.publish({.id = ++last_id,
                 .time = {},
                 .name = name,
                 .from = core::State::stopped,
                 .to = core::State::starting,
                 .run = 1,
                 .cause = {}});
  }

  std::uint64_t last_id = 100;
  EventLog log{last_id};
};

TEST_F(Events, FollowerGetsEachOnceInOrder) {
  const auto cursor = log.follow(std::nullopt);
  publish("a");
  publish("b");
  publish("c");
  const auto first = cursor->next(2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].name, "a");
  EXPECT_EQ(first[1].name, "b");
  ASSERT_EQ(cursor->next(10).size(), 1U);
  EXPECT_TRUE(cursor->next(10).empty());
}

TEST_F(Events, FollowerFromAnIdGetsWhatCameAfterIt) {
  publish("a");
  publish("b");
  const auto cursor = log.follow(101);
  const auto rows = cursor->next(10);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].name, "b");
}

TEST_F(Events, WaitingFollowerIsWokenOnceAndMayLeaveFromWithin) {
  auto cursor = log.follow(std::nullopt);
  int woken = 0;
  cursor->when_more([&] {
    ++woken;
    cursor.reset();
  });
  publish("a");
  publish("b");
  EXPECT_EQ(woken, 1);
}

TEST_F(Events, WaitingWithSomethingThereIsOverAtOnce) {
  auto cursor = log.follow(std::nullopt);
  publish("a");
  bool woken = false;
  cursor->when_more([&] { woken = true; });
  EXPECT_TRUE(woken);
}

TEST_F(Events, RecentNamesOneInstance) {
  publish("a");
  publish("b");
  publish("a");
  const auto rows = log.recent("a", 10);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_LT(rows[0].id, rows[1].id);
}

}  // namespace
}  // namespace foster::supervisor
