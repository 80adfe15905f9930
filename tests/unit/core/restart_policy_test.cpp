#include "core/restart_policy.hpp"

#include <gtest/gtest.h>

namespace foster::core {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{1h};

TryEnd failure(Duration at = 0s, std::optional<Instant> ready = {}) {
  return {TryEnd::Kind::failure, kNow + at, ready};
}

TEST(RestartPolicyLadder, WaitsDoubleUpToTheMaximum) {
  Backoff backoff;
  backoff.max = 1s;
  EXPECT_EQ(delay_on_rung(backoff, 0), 0s);
  EXPECT_EQ(delay_on_rung(backoff, 1), 0s);
  EXPECT_EQ(delay_on_rung(backoff, 2), 100ms);
  EXPECT_EQ(delay_on_rung(backoff, 4), 400ms);
  EXPECT_EQ(delay_on_rung(backoff, 6), 1s);
  EXPECT_EQ(delay_on_rung(backoff, 1'000'000), 1s);
}

TEST(RestartPolicyLadder, NoInitialDelayIsNeverAny) {
  Backoff backoff;
  backoff.initial = 0s;
  EXPECT_EQ(delay_on_rung(backoff, 1'000'000), 0s);
}

TEST(RestartPolicyLadder, HealthyRunIsTriedAtOnceAnUnhealthyOneIsNot) {
  Tries healthy(1);
  ASSERT_TRUE(healthy.note(failure(0s, kNow), Service{}));
  EXPECT_EQ(healthy.next_delay({}), 0s);
  Tries unhealthy(1);
  ASSERT_TRUE(unhealthy.note(failure(), Service{}));
  EXPECT_GT(unhealthy.next_delay({}), 0s);
}

TEST(RestartPolicyLimit, SixthFailureInTheWindowIsOneTooMany) {
  Tries tries(1);
  for (int n = 0; n < 5; ++n) EXPECT_TRUE(tries.note(failure(n * 1s), Service{})) << n;
  EXPECT_FALSE(tries.note(failure(5s), Service{}));
}

TEST(RestartPolicyLimit, FailuresOutsideTheWindowAreForgotten) {
  Tries tries(1);
  for (int n = 0; n < 100; ++n) EXPECT_TRUE(tries.note(failure(n * 3s), Service{})) << n;
}

TEST(RestartPolicyLimit, WithoutOneItIsTriedForEver) {
  Service service;
  service.limit.reset();
  Tries tries(1);
  for (int n = 0; n < 1000; ++n) ASSERT_TRUE(tries.note(failure(), service));
  EXPECT_TRUE(tries.failures().empty());
}

TEST(RestartPolicyLimit, TheLargestOneFitsTheRecord) {
  Service service;
  service.limit = Limit{kMaxFailures, 10s};
  Tries tries(1);
  for (std::size_t n = 0; n < kMaxFailures; ++n) ASSERT_TRUE(tries.note(failure(), service)) << n;
  EXPECT_EQ(tries.failures().size(), kMaxFailures);
  EXPECT_FALSE(tries.note(failure(), service));
}

TEST(RestartPolicySuccess, IsBrakedButNeverFurtherThanTheInitialDelay) {
  Tries tries(1);
  Service service;
  service.backoff.jitter = 0;
  for (int n = 0; n < 10; ++n) ASSERT_TRUE(tries.note({TryEnd::Kind::success, kNow, {}}, service));
  EXPECT_EQ(tries.next_delay(service.backoff), 100ms);
}

TEST(RestartPolicyJitter, StaysWithinItsShareAndIsReproducible) {
  Service service;
  service.limit.reset();
  Tries one(42);
  Tries same(42);
  Tries other(43);
  bool differs = false;
  for (int n = 0; n < 200; ++n) {
    for (Tries* tries : {&one, &same, &other}) {
      tries->forget();
      ASSERT_TRUE(tries->note(failure(), service));
    }
    const Duration delay = one.next_delay(service.backoff);
    EXPECT_GE(delay, 90ms);
    EXPECT_LE(delay, 110ms);
    EXPECT_EQ(delay, same.next_delay(service.backoff));
    differs = differs || delay != other.next_delay(service.backoff);
  }
  EXPECT_TRUE(differs);
}

TEST(DurationText, IsWhatAPersonWouldWrite) {
  EXPECT_EQ(to_text(250ms), "250ms");
  EXPECT_EQ(to_text(1500ms), "1500ms");
  EXPECT_EQ(to_text(10s), "10s");
  EXPECT_EQ(to_text(90s), "1m30s");
  EXPECT_EQ(to_text(2h), "2h");
  EXPECT_EQ(to_text(0s), "0s");
}

}  // namespace
}  // namespace foster::core
