#include "reaper/attention.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::reaper {
namespace {

using namespace std::chrono_literals;
using Sight = Attention::Sight;

constexpr Instant kStart = 1000s;

TEST(Attention, HasNoDeadlineWhileNothingIsOwed) {
  Attention attention;
  EXPECT_FALSE(attention.is_lost({.untaken = 0, .applied = 7, .is_up = true}, kStart));
  EXPECT_EQ(attention.next_look(), std::nullopt);
  EXPECT_FALSE(attention.is_lost({.untaken = 0, .applied = 8, .is_up = true}, kStart + 1h));
  EXPECT_EQ(attention.next_look(), std::nullopt);
}

TEST(Attention, LooksASecondLaterAndIsSatisfiedWhenTheMessageWasTaken) {
  Attention attention;
  EXPECT_FALSE(attention.is_lost({.untaken = 500, .applied = 0, .is_up = true}, kStart));
  EXPECT_EQ(attention.next_look(), kStart + 1s);
  EXPECT_FALSE(attention.is_lost({.untaken = 0, .applied = 1, .is_up = true}, kStart + 1s));
  EXPECT_EQ(attention.next_look(), std::nullopt);
}

TEST(Attention, AMessageUntakenForTenSecondsIsTheEnd) {
  Attention attention;
  const Sight sight{.untaken = 500, .applied = 0, .is_up = true};
  EXPECT_FALSE(attention.is_lost(sight, kStart));
  EXPECT_FALSE(attention.is_lost(sight, kStart + 1s));
  EXPECT_EQ(attention.next_look(), kStart + 10s);
  EXPECT_FALSE(attention.is_lost(sight, kStart + 9999ms));
  EXPECT_TRUE(attention.is_lost(sight, kStart + 10s));
}

TEST(Attention, WhoMovesHoweverSlowlyIsWaitedFor) {
  Attention attention;
  Sight sight{.untaken = 5000, .applied = 0, .is_up = true};
  for (int turn = 0; turn < 8; ++turn) {
    EXPECT_FALSE(attention.is_lost(sight, kStart + turn * 9s));
    sight.untaken -= 500;
  }
  // As many came as were taken.
  for (int turn = 8; turn < 16; ++turn) {
    ++sight.applied;
    EXPECT_FALSE(attention.is_lost(sight, kStart + turn * 9s));
  }
  EXPECT_TRUE(attention.is_lost(sight, kStart + 16 * 9s + 1s));
}

TEST(Attention, AStartMayTakeAMinute) {
  Attention attention;
  Sight sight{.untaken = 500, .applied = 0, .is_up = false};
  EXPECT_FALSE(attention.is_lost(sight, kStart));
  EXPECT_FALSE(attention.is_lost(sight, kStart + 59s));
  sight.is_up = true;
  EXPECT_FALSE(attention.is_lost(sight, kStart + 60s));
  EXPECT_TRUE(attention.is_lost(sight, kStart + 70s));
}

TEST(AttentionToClients, IsOneSecondLongAndThenNewsAgain) {
  Attention attention;
  EXPECT_TRUE(attention.wants_clients());
  attention.client_waits(kStart);
  EXPECT_FALSE(attention.wants_clients());
  EXPECT_EQ(attention.next_look(), kStart + 1s);
  EXPECT_FALSE(attention.is_time_for_client(kStart + 999ms));
  EXPECT_TRUE(attention.is_time_for_client(kStart + 1s));
  EXPECT_TRUE(attention.wants_clients());
  EXPECT_EQ(attention.next_look(), std::nullopt);
}

TEST(Attention, ANewSupervisorOwesNothing) {
  Attention attention;
  const Sight sight{.untaken = 500, .applied = 0, .is_up = true};
  EXPECT_FALSE(attention.is_lost(sight, kStart));
  attention.client_waits(kStart);
  attention.forget();
  EXPECT_EQ(attention.next_look(), std::nullopt);
  EXPECT_FALSE(attention.is_lost(sight, kStart + 1h));
}

}  // namespace
}  // namespace foster::reaper
