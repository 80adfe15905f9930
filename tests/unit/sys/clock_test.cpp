#include "sys/clock.hpp"

#include <gtest/gtest.h>

namespace foster::sys {
namespace {

TEST(MonotonicClock, NeverGoesBack) {
  auto before = monotonic_now();
  for (int n = 0; n < 10'000; ++n) {
    const auto now = monotonic_now();
    ASSERT_GE(now, before);
    before = now;
  }
  EXPECT_GT(before.count(), 0);
}

TEST(WallClock, AgreesWithTheStandardLibrary) {
  const auto before = std::chrono::system_clock::now();
  const auto ours = wall_now();
  EXPECT_LE(before, ours);
  EXPECT_LE(ours, std::chrono::system_clock::now());
}

TEST(BootId, IsTheSameTwiceAndHasNoLineEnd) {
  const auto id = boot_id();
  ASSERT_TRUE(id) << to_string(id.error());
  EXPECT_EQ(id->size(), 36U);
  EXPECT_EQ(*id, *boot_id());
}

}  // namespace
}  // namespace foster::sys
