#include "stage.hpp"

namespace foster::core::testing {
namespace {

TEST(StepRunning, FirstCrashAfterAHealthyRunRestartsAtOnce) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.ends("web", Exited{3});
  EXPECT_FALSE(stage.asked<action::Spawn>("web")) << "something of the old run may be alive";
  stage.gone("web");
  EXPECT_TRUE(stage.asked<action::Spawn>("web"));
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_EQ(stage.view("web").restarts, 1U);
  EXPECT_EQ(to_string(stage.view("web").cause), "restarted after: exited with code 3");
}

TEST(StepRunning, SecondCrashInARowBacksOff) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.crash("web");
  stage.bring_up("web");
  stage.crash("web");
  EXPECT_EQ(stage.state("web"), State::backoff);
  EXPECT_EQ(stage.view("web").deadline, stage.now + 100ms);
}

TEST(StepRunning, ALongHealthyRunEndsTheRowOfFailures) {
  Stage stage = stage_with(service("web"));
  for (int n = 0; n < 5; ++n) {
    stage.bring_up("web");
    stage.pass(10s);
    stage.crash("web");
    EXPECT_EQ(stage.state("web"), State::starting) << n;
  }
}

TEST(StepRunning, SuccessIsNotRestartedOnFailureAndIsDone) {
  Stage stage = stage_with(service("job"));
  stage.spawned("job");
  stage.crash("job", 0);
  EXPECT_EQ(stage.state("job"), State::exited);
  EXPECT_EQ(to_string(stage.view("job").cause), "exited with code 0");
  EXPECT_TRUE(stage.view("job").wanted);
}

TEST(StepRunning, SuccessBeforeItWasReadyIsAFailureOfWhoHasSomethingToProve) {
  Stage stage = stage_with(notifying("web"));
  stage.spawned("web");
  stage.crash("web", 0);
  EXPECT_EQ(stage.state("web"), State::backoff);
  EXPECT_EQ(to_string(stage.view("web").cause), "exited with code 0, before it was ready");
}

TEST(StepRunning, NeverRestartedEndsInExitedWithItsStatus) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.restart = RestartWhen::never; }));
  stage.bring_up("web");
  stage.crash("web", 7);
  EXPECT_EQ(stage.state("web"), State::exited);
  EXPECT_EQ(stage.view("web").exit, ExitStatus(Exited{7}));
}

TEST(StepRunning, MoreFailuresThanTheLimitEndInFailedWithTheLastOne) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.limit = Limit{2, 60s}; }));
  for (int n = 0; n < 2; ++n) {
    stage.bring_up("web");
    stage.crash("web");
    if (stage.state("web") == State::backoff) stage.pass(1s);
    EXPECT_EQ(stage.state("web"), State::starting);
  }
  stage.bring_up("web");
  stage.crash("web", 9);
  EXPECT_EQ(stage.state("web"), State::failed);
  EXPECT_EQ(stage.view("web").cause.kind, CauseKind::limit_reached);
  EXPECT_EQ(to_string(stage.view("web").cause),
            "gave up: more than 2 failures within 1m, the last: exited with code 9");
}

TEST(StepRunning, SuccessesDoNotCountTowardsTheLimit) {
  Stage stage = stage_with(with(service("web"), [](Service& s) {
    s.limit = Limit{1, 60s};
    s.restart = RestartWhen::always;
  }));
  for (int n = 0; n < 5; ++n) {
    stage.bring_up("web");
    stage.crash("web", 0);
    if (stage.state("web") == State::backoff) stage.pass(100ms);
    EXPECT_EQ(stage.state("web"), State::starting) << n;
  }
  EXPECT_EQ(stage.view("web").restarts, 5U);
}

TEST(StepRunning, MissedWatchdogPingKillsAtOnce) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.tell("web", event::WatchdogPing{1, 2s});
  stage.pass(1s);
  stage.tell("web", event::WatchdogPing{1, 2s});
  stage.pass(1500ms);
  EXPECT_EQ(stage.state("web"), State::running);
  stage.pass(500ms);
  EXPECT_EQ(stage.state("web"), State::stopping);
  EXPECT_TRUE(stage.asked<action::KillRest>("web"));
  EXPECT_FALSE(stage.asked<action::SendSignal>("web"));
  EXPECT_EQ(to_string(stage.view("web").cause), "watchdog: no WATCHDOG=1 within 2s");
}

TEST(StepRunning, PingWithoutAPeriodDisarmsTheWatchdog) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.tell("web", event::WatchdogPing{1, 2s});
  stage.tell("web", event::WatchdogPing{1, 0s});
  stage.pass(1h);
  EXPECT_EQ(stage.state("web"), State::running);
}

TEST(StepRunning, AnnouncedEndIsWaitedForAndJudgedByItsStatus) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.tell("web", event::Stopping{1});
  EXPECT_EQ(stage.state("web"), State::stopping);
  EXPECT_TRUE(stage.asked_nothing_of_the_world());
  stage.crash("web", 0);
  EXPECT_EQ(stage.state("web"), State::exited);
}

TEST(StepRunning, StopAfterAnAnnouncedEndSignalsAllTheSame) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.tell("web", event::Stopping{1});
  stage.start("web");
  stage.stop("web");
  EXPECT_TRUE(stage.asked<action::SendSignal>("web"));
}

TEST(StepRunning, StartOfWhatRunsDoesNothing) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  EXPECT_TRUE(stage.start("web").empty());
}

TEST(StepRunning, EverythingGoneWithoutAStatusIsAnUnknownEnd) {
  Stage stage = stage_with(service("web"));
  stage.bring_up("web");
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_EQ(stage.view("web").exit, ExitStatus(ExitUnknown{}));
}

}  // namespace
}  // namespace foster::core::testing
