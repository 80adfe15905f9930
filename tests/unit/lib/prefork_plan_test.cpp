// What a pool decides, told by a clock that is moved by hand and a world of numbers.
#include "lib/prefork_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/lib/prefork_world.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ExitStatus kSegmentationFault = Killed{*Signal::from_number(SIGSEGV)};

TEST(PreforkPlan, StartsOneWorkerForEachTaskAndThenRests) {
  World world({}, 3);
  EXPECT_THAT(world.said(), ElementsAre("start 0", "worker 0 (pid 101) started", "start 1",
                                        "worker 1 (pid 102) started", "start 2", "worker 2 (pid 103) started"));
  EXPECT_EQ(world.plan().next_look(), std::nullopt);
  EXPECT_FALSE(world.plan().is_done());
}

TEST(PreforkPlan, AFailureIsRestartedUnderTheSameTask) {
  World world(quick());
  (void)world.said();
  world.ends(2, Exited{3});
  EXPECT_THAT(world.said(), ElementsAre("worker 1 (pid 102) exited with code 3, restarting", "start 1",
                                        "worker 1 (pid 103) started"));
  world.ends(1, kSegmentationFault);
  EXPECT_THAT(world.said(),
              ElementsAre("worker 0 (pid 101) killed by SIGSEGV, restarting", "start 0", "worker 0 (pid 104) started"));
}

TEST(PreforkPlan, ExitCodeZeroEndsTheTaskAndAllOfThemThePool) {
  World world({});
  (void)world.said();
  world.ends(1, Exited{0});
  EXPECT_THAT(world.said(), ElementsAre("worker 0 (pid 101) exited with code 0, its task is done"));
  EXPECT_FALSE(world.plan().is_done());
  world.ends(2, Exited{0});
  EXPECT_TRUE(world.plan().is_done());
  EXPECT_EQ(world.plan().result(), (PreforkReport{.end = PreforkReport::End::finished, .restarts = 0}));
}

TEST(PreforkPlan, WhereEveryExitIsRestartedThereIsNoEnd) {
  auto options = quick();
  options.restart_on = RestartOn::every_exit;
  options.max_restarts = 0;
  World world(options, 1);
  for (RunNumber run = 1; run <= 1000; ++run) world.ends(run, Exited{0});
  EXPECT_FALSE(world.plan().is_done());
  EXPECT_EQ(world.done().size(), 1001U);
}

TEST(PreforkPlan, OneFailureMoreThanAllowedEndsThePoolAndSaysWhichItWas) {
  auto options = quick();
  options.max_restarts = 3;
  World world(options);
  for (const RunNumber run : {1, 3, 4}) world.ends(run);
  (void)world.said();
  world.ends(5, kSegmentationFault);
  EXPECT_THAT(world.said(), ElementsAre("worker 0 (pid 105) killed by SIGSEGV, giving up", "signal 2 TERM",
                                        "worker 1 (pid 102) was sent SIGTERM: asked to end"));
  EXPECT_EQ(world.plan().result().error().code, EBUSY) << "not before the others have ended";
  world.ends(2, Exited{0});
  ASSERT_TRUE(world.plan().is_done());
  EXPECT_EQ(to_string(world.plan().result().error()),
            "prefork too many restarts, the last was worker 0 (pid 105) killed by SIGSEGV, giving up");
}

TEST(PreforkPlan, InAWindowOldFailuresAreForgiven) {
  auto options = quick();
  options.max_restarts = 2;
  options.restart_window = 10s;
  World world(options, 1);
  for (RunNumber run = 1; run <= 50; ++run) {
    world.ends(run);
    world.pass(6s);
    ASSERT_FALSE(world.plan().is_closing()) << run;
  }
  world.ends(51);
  world.ends(52);
  EXPECT_TRUE(world.plan().is_closing());
}

TEST(PreforkPlan, ShortRunsWaitTwiceAsLongEachTimeUpToALimit) {
  PreforkOptions options;
  options.brake = {.initial = 100ms, .max = 500ms, .healthy_after = 1s};
  World world(options, 1);
  (void)world.said();
  std::vector<std::chrono::milliseconds> waits;
  for (RunNumber run = 1; run <= 6; ++run) {
    world.ends(run);
    const auto look = world.plan().next_look();
    waits.push_back(look ? std::chrono::duration_cast<std::chrono::milliseconds>(*look - world.now()) : 0ms);
    world.pass(500ms);
  }
  EXPECT_THAT(waits, ElementsAre(0ms, 100ms, 200ms, 400ms, 500ms, 500ms));
}

TEST(PreforkPlan, AHealthyRunMakesTheNextRestartImmediateAgain) {
  PreforkOptions options;
  options.brake = {.initial = 100ms, .max = 1s, .healthy_after = 1s};
  World world(options, 1);
  world.ends(1);
  world.ends(2);
  world.pass(100ms);
  (void)world.said();
  world.pass(1s);
  world.ends(3);
  EXPECT_THAT(world.done(), ElementsAre("start 0"));
}

TEST(PreforkPlan, AWorkerThatAsksForItsReplacementIsNoFailure) {
  auto options = quick();
  options.max_restarts = 0;
  World world(options, 1);
  (void)world.said();
  world.ends(1, Exited{kReplaceMe});
  EXPECT_THAT(world.said(), ElementsAre("worker 0 (pid 101) exited with code 79, restarting", "start 0",
                                        "worker 0 (pid 102) started"));
}

TEST(PreforkPlan, AskingForReplacementAtOnceAndAlwaysIsBrakedToo) {
  World world({}, 1);
  world.ends(1, Exited{kReplaceMe});
  (void)world.said();
  world.ends(2, Exited{kReplaceMe});
  EXPECT_THAT(world.done(), IsEmpty());
  EXPECT_EQ(world.plan().next_look(), world.now() + 100ms);
}

TEST(PreforkPlan, AWorkerThatGivesUpEndsThePool) {
  auto options = quick();
  options.give_up_code = 4;
  World world(options, 1);
  world.ends(1, Exited{4});
  ASSERT_TRUE(world.plan().is_done());
  EXPECT_EQ(to_string(world.plan().result().error()),
            "prefork a worker gave up, the last was worker 0 (pid 101) exited with code 4, giving up");
}

TEST(PreforkPlan, StopAsksWaitsAndKills) {
  PreforkOptions options;
  options.stop.patience = 7s;
  World world(options);
  (void)world.said();
  world.plan().stop();
  world.act();
  EXPECT_THAT(world.done(), ElementsAre("signal 1 TERM", "signal 2 TERM"));
  world.ends(1, Exited{0});
  world.pass(6999ms);
  EXPECT_THAT(world.done(), IsEmpty());
  world.pass(1ms);
  EXPECT_THAT(world.done(), ElementsAre("signal 2 KILL"));
  world.pass(1h);
  EXPECT_THAT(world.done(), IsEmpty());
  world.ends(2, Killed{*Signal::from_number(SIGKILL)});
  EXPECT_EQ(world.plan().result(), (PreforkReport{.end = PreforkReport::End::stopped, .restarts = 0}));
}

TEST(PreforkPlan, WithoutPatienceStopInsistsAtOnce) {
  PreforkOptions options;
  options.stop.patience = 0ms;
  World world(options, 1);
  (void)world.said();
  world.plan().stop();
  world.act();
  EXPECT_THAT(world.done(), ElementsAre("signal 1 KILL"));
}

TEST(PreforkPlan, KillDoesNotWaitForThePatienceOfAStop) {
  World world({});
  world.plan().stop();
  world.act();
  (void)world.said();
  world.plan().kill();
  world.act();
  EXPECT_THAT(world.done(), ElementsAre("signal 1 KILL", "signal 2 KILL"));
}

TEST(PreforkPlan, StopWhileATaskWaitsForItsNextTryStartsItNoMore) {
  World world({}, 1);
  world.ends(1);
  world.ends(2);
  world.plan().stop();
  (void)world.said();
  world.pass(1h);
  EXPECT_THAT(world.said(), IsEmpty());
  EXPECT_TRUE(world.plan().is_done());
}

TEST(PreforkPlan, NobodyIsRestartedOnceThePoolStops) {
  World world(quick());
  world.plan().stop();
  world.act();
  (void)world.said();
  world.ends(1, kSegmentationFault);
  EXPECT_THAT(world.said(), ElementsAre("worker 0 (pid 101) killed by SIGSEGV (asked to end)"));
}

TEST(PreforkPlan, AForkThatFailsIsTriedAgainLater) {
  World world(quick(), 1);
  world.refuse_starts(EAGAIN);
  (void)world.said();
  world.ends(1);
  EXPECT_THAT(
      world.said(),
      ElementsAre("worker 0 (pid 101) exited with code 1, restarting", "start 0",
                  "worker 0 could not be started: fork: Resource temporarily unavailable, trying again in 1 ms"));
  world.pass(10ms);
  EXPECT_EQ(world.done().size(), 10U);
  EXPECT_FALSE(world.plan().is_closing()) << "that is no failure of a worker";
}

TEST(PreforkPlan, ScalingUpAddsTheNextTaskIds) {
  World world({}, 1);
  (void)world.said();
  world.plan().scale(3);
  world.act();
  EXPECT_THAT(world.said(), ElementsAre("from 1 to 3 workers", "start 1", "worker 1 (pid 102) started", "start 2",
                                        "worker 2 (pid 103) started"));
}

TEST(PreforkPlan, ScalingDownAsksTheHighestTaskIds) {
  World world({}, 3);
  (void)world.said();
  world.plan().scale(1);
  world.act();
  EXPECT_THAT(world.done(), ElementsAre("signal 2 TERM", "signal 3 TERM"));
  world.ends(3, kSegmentationFault);
  EXPECT_THAT(world.done(), IsEmpty());
}

TEST(PreforkPlan, ScalingUpAgainDoesNotWaitForThoseThatAreLeaving) {
  World world({}, 2);
  (void)world.said();
  world.plan().scale(1);
  world.act();
  world.plan().scale(2);
  world.act();
  EXPECT_THAT(world.done(), ElementsAre("signal 2 TERM", "start 1"));
  world.ends(2, Exited{0});
  world.ends(3, Exited{0});
  world.ends(1, Exited{0});
  EXPECT_TRUE(world.plan().is_done());
}

TEST(PreforkPlan, AWorkerThatHangsIsAbortedThenKilledAndThenReplaced) {
  auto options = quick();
  options.heartbeat = 8s;
  World world(options, 1);
  (void)world.said();
  world.pass(7s);
  world.beats(1);
  world.pass(9999ms);  // to a moment before the second look
  EXPECT_THAT(world.said(), IsEmpty());
  world.pass(1ms);
  EXPECT_THAT(world.said(), ElementsAre("signal 1 ABRT", "worker 0 (pid 101) was sent SIGABRT: no sign of life"));
  world.pass(5s);
  EXPECT_THAT(world.done(), ElementsAre("signal 1 KILL"));
  world.ends(1, Killed{*Signal::from_number(SIGKILL)});
  EXPECT_THAT(world.said(), ElementsAre("worker 0 (pid 101) killed by SIGKILL (no sign of life), restarting", "start 0",
                                        "worker 0 (pid 102) started"));
}

TEST(PreforkPlan, AMasterThatWasStoppedItselfGivesItsWorkersASecondLook) {
  PreforkOptions options;
  options.heartbeat = 8s;
  World world(options, 1);
  (void)world.said();
  (void)world.plan().next_look();
  world.plan().beat(1, world.now());
  world.pass(8s);  // all of them were stopped; now they go on
  world.beats(1);
  world.pass(3s);
  EXPECT_THAT(world.said(), IsEmpty());
}

TEST(PreforkPlan, WithoutHeartbeatsNobodyLooks) {
  World world({});
  EXPECT_EQ(world.plan().next_look(), std::nullopt);
}

TEST(PreforkPlan, AWorkerThatIsNotReadyInTimeIsAFailure) {
  auto options = quick();
  options.ready_within = 3s;
  options.max_restarts = 0;
  World world(options, 1);
  (void)world.said();
  world.pass(3s);
  EXPECT_THAT(world.done(), ElementsAre("signal 1 ABRT"));
  world.ends(1, Killed{*Signal::from_number(SIGABRT)});
  EXPECT_TRUE(world.plan().is_done());
  EXPECT_FALSE(world.plan().result().has_value());
}

TEST(PreforkPlan, HeartbeatsCountFromReadyOn) {
  PreforkOptions options;
  options.ready_within = 60s;
  options.heartbeat = 1s;
  World world(options, 1);
  world.pass(59s);
  world.is_ready(1);
  (void)world.said();
  EXPECT_EQ(world.plan().next_look(), world.now() + 1s);
}

class RollingRestart : public ::testing::Test {
 protected:
  RollingRestart() {
    auto options = quick();
    options.ready_within = 30s;
    world.emplace(options, 2);
    world->is_ready(1);
    world->is_ready(2);
    (void)world->said();
    world->plan().restart();
    world->act();
  }
  std::optional<World> world;
};

TEST_F(RollingRestart, TheNewWorkerIsReadyBeforeTheOldOneIsAsked) {
  EXPECT_THAT(world->said(), ElementsAre("replacing all workers", "start 0", "worker 0 (pid 103) started"));
  world->is_ready(3);
  EXPECT_THAT(world->said(), ElementsAre("worker 0 (pid 103) is ready", "signal 1 TERM",
                                         "worker 0 (pid 101) was sent SIGTERM: asked to end", "start 1",
                                         "worker 1 (pid 104) started"));
  world->is_ready(4);
  EXPECT_THAT(world->said(), ElementsAre("worker 1 (pid 104) is ready", "signal 2 TERM",
                                         "worker 1 (pid 102) was sent SIGTERM: asked to end", "all workers are new"));
  world->ends(1, Exited{0});
  world->ends(2, Exited{0});
  EXPECT_FALSE(world->plan().is_done()) << "the tasks are not done, they were handed over";
}

TEST_F(RollingRestart, AReplacementThatFailsEndsItAndTheOldWorkersGoOn) {
  world->is_ready(3);
  (void)world->said();
  world->ends(4, Exited{1});
  EXPECT_THAT(world->said(), ElementsAre("worker 1 (pid 104) exited with code 1",
                                         "the replacement of worker 1 failed, the old workers go on"));
  world->pass(1h);
  EXPECT_THAT(world->done(), ElementsAre("signal 1 KILL"));
  EXPECT_EQ(world->plan().workers().size(), 3U);
}

TEST_F(RollingRestart, AReplacementThatIsNeverReadyEndsItToo) {
  (void)world->said();
  world->pass(30s);
  EXPECT_THAT(world->done(), ElementsAre("signal 3 ABRT"));
  world->ends(3, Killed{*Signal::from_number(SIGABRT)});
  EXPECT_THAT(world->said(), ElementsAre("worker 0 (pid 103) killed by SIGABRT (not ready in time)",
                                         "the replacement of worker 0 failed, the old workers go on"));
}

TEST_F(RollingRestart, AReplacementThatCannotBeForkedEndsIt) {
  world->refuse_starts(EAGAIN);
  world->is_ready(3);
  EXPECT_EQ(world->said().back(), "the replacement of worker 1 failed, the old workers go on");
}

TEST_F(RollingRestart, AnOldWorkerThatCrashesMeanwhileIsSucceededByItsReplacement) {
  (void)world->said();
  world->ends(1, kSegmentationFault);
  EXPECT_THAT(world->said(),
              ElementsAre("worker 0 (pid 101) killed by SIGSEGV", "start 1", "worker 1 (pid 104) started"));
}

TEST_F(RollingRestart, AskedAgainItBeginsAnew) {
  (void)world->said();
  world->plan().restart();
  world->act();
  EXPECT_THAT(world->done(), ElementsAre("signal 3 TERM", "start 0"));
  world->is_ready(4);
  EXPECT_THAT(world->done(), ElementsAre("signal 1 TERM", "start 1"));
}

TEST_F(RollingRestart, AStopEndsIt) {
  (void)world->said();
  world->plan().stop();
  world->act();
  EXPECT_THAT(world->done(), ElementsAre("signal 1 TERM", "signal 2 TERM", "signal 3 TERM"));
  for (const RunNumber run : {1, 2, 3}) world->ends(run, Exited{0});
  EXPECT_TRUE(world->plan().is_done());
}

TEST_F(RollingRestart, ATaskThatIsDoneMeanwhileNeedsNoReplacement) {
  (void)world->said();
  world->ends(1, Exited{0});
  EXPECT_THAT(world->done(), ElementsAre("signal 3 TERM", "start 1"));
}

TEST_F(RollingRestart, TasksThatAreScaledAwayMeanwhileTakeTheirReplacementWithThem) {
  world->is_ready(3);
  (void)world->said();
  world->plan().scale(1);
  world->act();
  EXPECT_THAT(world->done(), ElementsAre("signal 2 TERM", "signal 4 TERM"));
  world->ends(4, Exited{0});
  EXPECT_EQ(world->said().back(), "all workers are new");
}

TEST(PreforkPlan, ARestartWithoutReadinessHandsOverAtOnce) {
  World world(quick(), 1);
  (void)world.said();
  world.plan().restart();
  world.act();
  EXPECT_THAT(world.done(), ElementsAre("start 0", "signal 1 TERM"));
}

TEST(PreforkPlan, ARestartTriesAtOnceWhatWaitsForItsNextTry) {
  World world({}, 1);
  for (RunNumber run = 1; run <= 2; ++run) world.ends(run);
  (void)world.said();
  world.plan().restart();
  world.act();
  EXPECT_THAT(world.done(), ElementsAre("start 0"));
}

}  // namespace
}  // namespace foster
