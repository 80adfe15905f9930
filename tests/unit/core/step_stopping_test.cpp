#include "stage.hpp"

namespace foster::core::testing {
namespace {

Stage stopping_web() {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.stop("web");
  return stage;
}

TEST(StepStopping, SignalsTheMainProcessAndWaits) {
  Stage stage = stopping_web();
  ASSERT_EQ(stage.all<action::SendSignal>().size(), 1U);
  EXPECT_EQ(stage.all<action::SendSignal>()[0].signal.number(), SIGTERM);
  EXPECT_EQ(stage.view("web").deadline, stage.now + 10s);
  EXPECT_FALSE(stage.view("web").wanted);
}

TEST(StepStopping, EndOfTheMainProcessKillsTheRestBeforeItIsStopped) {
  Stage stage = stopping_web();
  stage.ends("web", Exited{0});
  EXPECT_TRUE(stage.asked<action::KillRest>("web"));
  EXPECT_EQ(stage.state("web"), State::stopping);
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::stopped);
  EXPECT_EQ(to_string(stage.view("web").cause), "requested by root");
}

TEST(StepStopping, IgnoredSignalEndsInAKillThatIsTold) {
  Stage stage = stopping_web();
  stage.pass(10s);
  EXPECT_TRUE(stage.asked<action::KillRest>("web"));
  ASSERT_EQ(stage.all<action::Publish>().size(), 1U);
  EXPECT_EQ(to_string(stage.all<action::Publish>()[0].transition.cause), "killed: did not end within 10s of SIGTERM");
}

TEST(StepStopping, KillIsRepeatedUntilNothingIsLeft) {
  Stage stage = stopping_web();
  stage.pass(10s);
  stage.pass(1s);
  EXPECT_TRUE(stage.asked<action::KillRest>("web"));
  stage.pass(1s);
  EXPECT_TRUE(stage.asked<action::KillRest>("web"));
}

TEST(StepStopping, StartLetsTheStopFinishAndComesUpAgain) {
  Stage stage = stopping_web();
  stage.start("web");
  EXPECT_EQ(stage.state("web"), State::stopping);
  stage.crash("web");
  EXPECT_EQ(stage.state("web"), State::starting);
}

TEST(StepStopping, StopOfARestartStaysDown) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.restart("web");
  stage.stop("web");
  stage.crash("web");
  EXPECT_EQ(stage.state("web"), State::stopped);
}

TEST(StepStopping, CrashDuringAStopIsNoFailure) {
  Stage stage = stopping_web();
  stage.ends("web", Killed{*Signal::from_number(SIGSEGV), true});
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::stopped);
  EXPECT_EQ(stage.view("web").exit, ExitStatus(Killed{*Signal::from_number(SIGSEGV), true}));
}

TEST(StepStopping, StartWhileTheRestOfACrashIsKilledComesUpWithoutBackoff) {
  Stage stage = stage_with(service("web"));
  stage.spawned("web");
  stage.ends("web", Exited{1});
  stage.start("web");
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_EQ(stage.view("web").restarts, 0U);
}

TEST(StepStopping, ExitToldTwiceIsHandledOnce) {
  Stage stage = stopping_web();
  stage.ends("web", Exited{0});
  stage.ends("web", Exited{0});
  EXPECT_TRUE(stage.actions.empty());
}

TEST(StepBackoff, StopCancelsTheNextTryWithoutSignallingAnybody) {
  Stage stage = stage_with(service("web"));
  stage.spawned("web");
  stage.crash("web");
  stage.stop("web");
  EXPECT_EQ(stage.state("web"), State::stopped);
  EXPECT_TRUE(stage.asked_nothing_of_the_world());
  EXPECT_FALSE(stage.fleet.next_deadline().has_value());
}

TEST(StepBackoff, StartTriesAtOnceAndForgetsTheFailures) {
  Stage stage = stage_with(service("web"));
  stage.spawned("web");
  stage.crash("web");
  stage.start("web");
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_EQ(stage.view("web").restarts, 0U);
}

TEST(StepBackoff, NextTryComesWhenItIsDue) {
  Stage stage = stage_with(service("web"));
  stage.spawned("web");
  stage.crash("web");
  EXPECT_TRUE(stage.pass(99ms).empty());
  stage.pass(1ms);
  EXPECT_TRUE(stage.asked<action::Spawn>("web"));
  EXPECT_EQ(stage.view("web").restarts, 1U);
}

TEST(StepBackoff, EachFailureDoublesTheWaitUpToTheMaximum) {
  Stage stage = stage_with(with(service("web"), [](Service& s) {
    s.limit.reset();
    s.backoff.max = 1s;
  }));
  for (const Duration wait : std::vector<Duration>{100ms, 200ms, 400ms, 800ms, 1s, 1s}) {
    stage.spawned("web");
    stage.crash("web");
    EXPECT_EQ(stage.view("web").deadline, stage.now + wait);
    stage.pass(wait);
  }
}

TEST(StepFailed, StartTriesAgainAndStopForgetsIt) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.limit = Limit{1, 10s}; }));
  stage.spawned("web");
  stage.crash("web");
  stage.pass(100ms);
  stage.spawned("web");
  stage.crash("web");
  ASSERT_EQ(stage.state("web"), State::failed);
  stage.start("web");
  EXPECT_EQ(stage.state("web"), State::starting);
  stage.spawned("web");
  stage.crash("web");
  EXPECT_EQ(stage.state("web"), State::backoff) << "what was before the start does not count";
  stage.stop("web");
  EXPECT_EQ(stage.state("web"), State::stopped);
}

TEST(StepExited, RestartStartsIt) {
  Stage stage = stage_with(service("job"));
  stage.spawned("job");
  stage.crash("job", 0);
  stage.restart("job");
  EXPECT_EQ(stage.state("job"), State::starting);
}

}  // namespace
}  // namespace foster::core::testing
