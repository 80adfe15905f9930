// When a failure is one too many, and how long a restart waits.
#include "lib/restart_count.hpp"

#include <gtest/gtest.h>

namespace foster {
namespace {

using namespace std::chrono_literals;

TEST(RestartCount, WithoutALimitThereIsNone) {
  PreforkOptions options;
  options.max_restarts.reset();
  RestartCount count(options);
  for (int n = 0; n < 100'000; ++n) ASSERT_TRUE(count.note(0s));
  EXPECT_EQ(count.granted(), 100'000U);
}

TEST(RestartCount, WithoutAWindowEveryFailureCountsForEver) {
  PreforkOptions options;
  options.max_restarts = 2;
  RestartCount count(options);
  EXPECT_TRUE(count.note(0s));
  EXPECT_TRUE(count.note(1000h));
  EXPECT_FALSE(count.note(2000h));
}

TEST(RestartCount, AtTheEndOfTheWindowAFailureIsForgotten) {
  PreforkOptions options;
  options.max_restarts = 1;
  options.restart_window = 10s;
  RestartCount count(options);
  EXPECT_TRUE(count.note(100s));
  EXPECT_FALSE(count.note(109s));
  EXPECT_TRUE(count.note(110s));
}

TEST(ShortRuns, AnyBrakeCanBeDoubledForEver) {
  const RestartBrake brake{.initial = 1ms, .max = std::chrono::milliseconds::max(), .healthy_after = 1s};
  ShortRuns runs;
  auto last = 0ms;
  for (int n = 0; n < 1000; ++n) {
    const auto wait = runs.note({.length = 0s, .was_ready = true, .failed = true}, brake);
    ASSERT_GE(wait, last);
    last = wait;
  }
}

TEST(ShortRuns, ALongRunThatNeverWasReadyIsAShortOne) {
  const RestartBrake brake{.initial = 100ms, .max = 1s, .healthy_after = 1s};
  ShortRuns runs;
  EXPECT_EQ(runs.note({.length = 1h, .was_ready = false, .failed = true}, brake), 0ms);
  EXPECT_EQ(runs.note({.length = 1h, .was_ready = false, .failed = true}, brake), 100ms);
}

}  // namespace
}  // namespace foster
