#include "reaper/keep_alive.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

namespace foster::reaper {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr int kSegfault = SIGSEGV;
constexpr int kKilled = SIGKILL;
constexpr int kLeft = 0;
constexpr int exited(int code) {
  return code << 8;
}

enum class Answer { up, silent };

/// Runs one supervisor after the other; each lives for `lifetime` and ends like this.
std::vector<std::chrono::milliseconds> delays(KeepAlive& keep_alive, int runs, Answer answer,
                                              std::chrono::milliseconds lifetime, int wait_status) {
  std::vector<std::chrono::milliseconds> result;
  Instant now = 1000s;
  for (int run = 0; run < runs; ++run) {
    keep_alive.started();
    if (answer == Answer::up) keep_alive.answered(now);
    now += lifetime;
    const Instant next = keep_alive.ended(wait_status, now);
    result.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(next - now));
    now = next;
  }
  return result;
}

TEST(KeepAliveCrashLoop, RestartsAtOnceTwiceThenBrakesUpToFiveSeconds) {
  KeepAlive keep_alive;
  EXPECT_THAT(delays(keep_alive, 11, Answer::silent, 1ms, kSegfault),
              ElementsAre(0ms, 0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5000ms, 5000ms, 5000ms));
}

TEST(KeepAliveCrashLoop, NeverGivesUpAndNeverWaitsLonger) {
  KeepAlive keep_alive;
  EXPECT_EQ(delays(keep_alive, 100000, Answer::silent, 1ms, exited(127)).back(), 5000ms);
}

TEST(KeepAliveCrashLoop, AnAnswerAloneDoesNotLoosenTheBrake) {
  KeepAlive keep_alive;
  EXPECT_THAT(delays(keep_alive, 4, Answer::up, 500ms, kSegfault), ElementsAre(0ms, 0ms, 100ms, 200ms));
}

TEST(KeepAliveCrashLoop, TenSecondsUpEndTheRow) {
  KeepAlive keep_alive;
  (void)delays(keep_alive, 6, Answer::up, 1ms, kSegfault);
  EXPECT_THAT(delays(keep_alive, 1, Answer::up, 9999ms, kSegfault), ElementsAre(1600ms));
  EXPECT_THAT(delays(keep_alive, 3, Answer::up, 10s, kSegfault), ElementsAre(0ms, 0ms, 0ms));
}

TEST(KeepAliveCrashLoop, ALongLifeWithoutAnAnswerIsNoHealth) {
  KeepAlive keep_alive;
  EXPECT_THAT(delays(keep_alive, 3, Answer::silent, 60s, kSegfault), ElementsAre(0ms, 0ms, 100ms));
}

TEST(KeepAliveKilledFromOutside, IsReplacedAtOnceEveryTime) {
  KeepAlive keep_alive;
  for (const auto delay : delays(keep_alive, 500, Answer::up, 12ms, kKilled)) EXPECT_EQ(delay, 0ms);
}

TEST(KeepAliveKilledFromOutside, WaitsAMomentIfItHadNotEvenAnswered) {
  KeepAlive keep_alive;
  EXPECT_THAT(delays(keep_alive, 5, Answer::silent, 12ms, kKilled), ElementsAre(0ms, 0ms, 50ms, 50ms, 50ms));
}

TEST(KeepAliveKilledFromOutside, LoosensNoBrake) {
  KeepAlive keep_alive;
  (void)delays(keep_alive, 6, Answer::silent, 1ms, kSegfault);
  (void)delays(keep_alive, 1, Answer::up, 1ms, kKilled);
  EXPECT_THAT(delays(keep_alive, 1, Answer::silent, 1ms, kSegfault), ElementsAre(1600ms));
}

TEST(KeepAliveHandOver, ASupervisorThatLeavesWithCodeZeroIsReplacedAtOnce) {
  KeepAlive keep_alive;
  for (const auto delay : delays(keep_alive, 10, Answer::up, 1ms, kLeft)) EXPECT_EQ(delay, 0ms);
}

TEST(KeepAliveAnswer, IsForgottenWithTheSupervisorThatGaveIt) {
  KeepAlive keep_alive;
  keep_alive.started();
  EXPECT_FALSE(keep_alive.is_up());
  keep_alive.answered(1s);
  EXPECT_TRUE(keep_alive.is_up());
  (void)keep_alive.ended(kSegfault, 2s);
  EXPECT_FALSE(keep_alive.is_up());
}

TEST(LastResortWhileDown, TheThirdRequestWithinTenSecondsIsTheLast) {
  LastResort last_resort;
  EXPECT_FALSE(last_resort.requested(100s, LastResort::Supervisor::down));
  EXPECT_FALSE(last_resort.requested(105s, LastResort::Supervisor::down));
  EXPECT_TRUE(last_resort.requested(110s, LastResort::Supervisor::down));
}

TEST(LastResortWhileDown, RequestsFarApartAreNotCountedTogether) {
  LastResort last_resort;
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(last_resort.requested(i * 6s, LastResort::Supervisor::down)) << i;
}

TEST(LastResortWhileUp, OnlyTheFifthRequestIsTooMany) {
  LastResort last_resort;
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(last_resort.requested(i * 1s, LastResort::Supervisor::up));
  EXPECT_TRUE(last_resort.requested(4s, LastResort::Supervisor::up));
}

}  // namespace
}  // namespace foster::reaper
