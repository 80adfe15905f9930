// Starts that fail, what a success is, and who gets the stop signal.
#include "core/restart_policy.hpp"
#include "stage.hpp"

namespace foster::core::testing {
namespace {

// As a service of a supervisord.conf: waits of 1, 2, 3 seconds, and no brake after a run that was ready.
Service retrying(unsigned retries) {
  return with(service("web"), [&](Service& s) {
    s.start_retries = retries;
    s.restart = RestartWhen::always;
    s.backoff = {.initial = 1s, .max = 1h, .factor = 1, .step = 1s, .jitter = 0, .reset_after = 0s};
    s.limit.reset();
  });
}

void fail_to_start(Stage& stage, int code) {
  stage.spawned("web");
  stage.crash("web", code);
}

TEST(StartRetries, WaitsGrowByOneSecondAndThenItFails) {
  Stage stage = stage_with(retrying(3));
  for (const Duration wait : {1s, 2s, 3s}) {
    fail_to_start(stage, 3);
    ASSERT_EQ(stage.state("web"), State::backoff);
    EXPECT_EQ(stage.view("web").deadline, stage.now + wait);
    stage.pass(wait);
    ASSERT_EQ(stage.state("web"), State::starting);
  }
  fail_to_start(stage, 3);
  EXPECT_EQ(stage.state("web"), State::failed);
  EXPECT_EQ(to_string(stage.view("web").cause), "gave up: 4 failed starts in a row, the last: exited with code 3");
}

TEST(StartRetries, NoneIsOneAttempt) {
  Stage stage = stage_with(retrying(0));
  fail_to_start(stage, 3);
  EXPECT_EQ(stage.state("web"), State::failed);
}

TEST(StartRetries, AnEndBeforeItIsReadyIsAFailureWhateverItsCode) {
  Stage stage = stage_with(retrying(1));
  fail_to_start(stage, 0);
  EXPECT_EQ(stage.state("web"), State::backoff);
  EXPECT_EQ(stage.view("web").cause.detail, "before it was ready");
}

TEST(StartRetries, ItIsTriedAgainEvenIfItIsNeverRestarted) {
  Stage stage = stage_with(with(retrying(1), [](Service& s) { s.restart = RestartWhen::never; }));
  fail_to_start(stage, 0);
  EXPECT_EQ(stage.state("web"), State::backoff);
  stage.pass(1s);
  stage.bring_up("web");
  stage.crash("web", 3);
  EXPECT_EQ(stage.state("web"), State::exited);
}

TEST(StartRetries, WhatCannotBeSpawnedCountsToo) {
  Stage stage = stage_with(retrying(1));
  stage.tell("web", event::SpawnFailed{1, "execve: ENOENT"});
  EXPECT_EQ(stage.state("web"), State::backoff);
  stage.pass(1s);
  stage.tell("web", event::SpawnFailed{2, "execve: ENOENT"});
  EXPECT_EQ(stage.state("web"), State::failed);
}

TEST(StartRetries, ARunThatWasReadyEndsTheRow) {
  Stage stage = stage_with(retrying(1));
  for (int n = 0; n < 5; ++n) {
    fail_to_start(stage, 3);
    ASSERT_EQ(stage.view("web").deadline, stage.now + 1s) << n;
    stage.pass(1s);
    stage.bring_up("web");
    stage.crash("web", 3);
    ASSERT_EQ(stage.state("web"), State::starting) << "restarted at once, " << n;
  }
}

TEST(StartRetries, ReadyRunsAreRestartedAtOnceWithoutLimit) {
  Stage stage = stage_with(with(retrying(3), [](Service& s) { s.start_seconds = 0s; }));
  for (int n = 0; n < 100; ++n) {
    stage.spawned("web");
    ASSERT_EQ(stage.state("web"), State::running) << n;
    stage.crash("web", n % 2);
    ASSERT_EQ(stage.state("web"), State::starting) << n;
  }
}

TEST(StartRetries, TheRowSurvivesTheSupervisor) {
  Stage stage = stage_with(retrying(1));
  fail_to_start(stage, 3);
  const std::vector ids{stage.id("web")};
  const std::vector records{stage.fleet.record(ids[0])};
  stage.fleet = Fleet::restore(stage.fleet.model(), ids, records, 1);
  stage.pass(1s);
  fail_to_start(stage, 3);
  EXPECT_EQ(stage.state("web"), State::failed);
}

TEST(StartRetries, DoNotCountForTheLimit) {
  Stage stage = stage_with(with(retrying(10), [](Service& s) { s.limit = Limit{.count = 1, .within = 1h}; }));
  for (int n = 1; n <= 4; ++n) {
    fail_to_start(stage, 3);
    ASSERT_EQ(stage.state("web"), State::backoff) << n;
    stage.pass(n * 1s);
  }
}

TEST(SuccessExitCodes, ArePassedOverAsZeroIs) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.success_exit_codes = {0, 3}; }));
  stage.bring_up("web");
  stage.crash("web", 3);
  EXPECT_EQ(stage.state("web"), State::exited);
}

TEST(SuccessExitCodes, ZeroIsNoneUnlessItIsNamed) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.success_exit_codes = {3}; }));
  stage.bring_up("web");
  stage.crash("web", 0);
  EXPECT_EQ(stage.state("web"), State::starting);
}

TEST(SuccessExitCodes, DeathBySignalNeverIsOne) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.success_exit_codes = {0, 15, 143}; }));
  stage.bring_up("web");
  stage.ends("web", Killed{*Signal::from_number(SIGTERM)});
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::starting);
}

TEST(StopTarget, IsCarriedByTheSignal) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.stop.target = StopTarget::group; }));
  stage.bring_up("web");
  stage.stop("web");
  ASSERT_EQ(stage.all<action::SendSignal>().size(), 1U);
  EXPECT_EQ(stage.all<action::SendSignal>()[0].target, StopTarget::group);
}

TEST(LinearBackoff, GrowsByTheStepUpToTheMaximum) {
  const Backoff backoff{.initial = 1s, .max = 5s, .factor = 1, .step = 2s};
  EXPECT_EQ(delay_on_rung(backoff, 1), 0s);
  EXPECT_EQ(delay_on_rung(backoff, 2), 1s);
  EXPECT_EQ(delay_on_rung(backoff, 3), 3s);
  EXPECT_EQ(delay_on_rung(backoff, 4), 5s);
  EXPECT_EQ(delay_on_rung(backoff, 1'000'000), 5s);
}

}  // namespace
}  // namespace foster::core::testing
