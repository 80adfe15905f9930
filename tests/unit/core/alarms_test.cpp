#include "core/alarms.hpp"

#include <gtest/gtest.h>

#include <map>

namespace foster::core {
namespace {

Instant at(int second) {
  return Instant(std::chrono::seconds(second));
}

TEST(Alarms, TakeTheEarliestFirst) {
  Alarms alarms;
  alarms.set(3, at(30));
  alarms.set(1, at(10));
  alarms.set(2, at(20));
  EXPECT_EQ(alarms.earliest(), at(10));
  EXPECT_EQ(alarms.take_due(at(20)), 1U);
  EXPECT_EQ(alarms.take_due(at(20)), 2U);
  EXPECT_EQ(alarms.take_due(at(20)), std::nullopt);
}

TEST(Alarms, AgreeWithASlowListWhateverIsDone) {
  Alarms alarms;
  std::map<InstanceId, Instant> list;
  std::uint32_t random = 1;
  for (int n = 0; n < 20'000; ++n) {
    random = random * 1664525U + 1013904223U;
    const InstanceId id = (random >> 8U) % 40;
    if (random % 5 == 0) {
      alarms.set(id, std::nullopt);
      list.erase(id);
    } else {
      alarms.set(id, at(static_cast<int>((random >> 16U) % 100)));
      list[id] = at(static_cast<int>((random >> 16U) % 100));
    }
    std::optional<Instant> earliest;
    for (const auto& [other, instant] : list) earliest = earliest ? std::min(*earliest, instant) : instant;
    ASSERT_EQ(alarms.earliest(), earliest) << n;
  }
}

}  // namespace
}  // namespace foster::core
