#include "stage.hpp"

namespace foster::core::testing {
namespace {

TEST(StepStopped, AutostartSpawnsAtOnceAndNamesTheConfig) {
  Stage stage = stage_with(service("web"));
  EXPECT_TRUE(stage.asked<action::Spawn>("web"));
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_EQ(stage.view("web").cause.kind, CauseKind::configured);
  EXPECT_EQ(stage.view("web").run, 1U);
}

TEST(StepStopped, WithoutAutostartNothingHappens) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.autostart = false; }));
  EXPECT_TRUE(stage.actions.empty());
  EXPECT_EQ(stage.state("web"), State::stopped);
}

TEST(StepStarting, StayingUpForStartSecondsIsReady) {
  Stage stage = stage_with(service("web"));
  stage.spawned("web");
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_EQ(stage.fleet.next_deadline(), stage.now + 1s);
  stage.pass(999ms);
  EXPECT_EQ(stage.state("web"), State::starting);
  stage.pass(1ms);
  EXPECT_EQ(stage.state("web"), State::running);
  EXPECT_EQ(to_string(stage.view("web").cause), "ready: up for 1s");
  EXPECT_FALSE(stage.fleet.next_deadline().has_value());
}

TEST(StepStarting, WithoutStartSecondsItIsReadyWhenSpawned) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.start_seconds = 0s; }));
  stage.spawned("web");
  EXPECT_EQ(stage.state("web"), State::running);
}

TEST(StepStarting, ReadinessIsWatchedOnceSpawned) {
  Stage stage = stage_with(notifying("web"));
  EXPECT_FALSE(stage.asked<action::WatchReadiness>("web"));
  stage.spawned("web");
  EXPECT_TRUE(stage.asked<action::WatchReadiness>("web"));
  stage.ready("web");
  EXPECT_EQ(stage.state("web"), State::running);
  EXPECT_EQ(stage.view("web").cause.detail, "READY=1");
}

TEST(StepStarting, NotReadyInTimeIsStoppedAndCountedAsAFailure) {
  Stage stage = stage_with(notifying("web"));
  stage.spawned("web");
  stage.pass(30s);
  EXPECT_EQ(stage.state("web"), State::stopping);
  EXPECT_TRUE(stage.asked<action::SendSignal>("web"));
  EXPECT_TRUE(stage.asked<action::ForgetReadiness>("web"));
  stage.ends("web", Exited{0});
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::backoff);
  EXPECT_EQ(stage.view("web").cause.kind, CauseKind::not_ready_in_time);
}

TEST(StepStarting, ExtendTimeoutMovesTheDeadline) {
  Stage stage = stage_with(notifying("web"));
  stage.spawned("web");
  stage.tell("web", event::ExtendTimeout{1, stage.now + 90s});
  stage.pass(60s);
  EXPECT_EQ(stage.state("web"), State::starting);
  stage.pass(30s);
  EXPECT_EQ(stage.state("web"), State::stopping);
}

TEST(StepStarting, ExitBeforeReadyGoesToBackoffAndNamesTheCause) {
  Stage stage = stage_with(service("web"));
  stage.spawned("web");
  stage.ends("web", Exited{3});
  EXPECT_EQ(stage.state("web"), State::stopping);
  EXPECT_TRUE(stage.asked<action::KillRest>("web"));
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::backoff);
  EXPECT_EQ(to_string(stage.view("web").cause), "exited with code 3");
  EXPECT_EQ(stage.view("web").deadline, stage.now + 100ms);
}

TEST(StepStarting, SpawnFailureGoesToBackoffWithTheStepAndItsError) {
  Stage stage = stage_with(service("web"));
  stage.tell("web", event::SpawnFailed{1, "chdir /srv/web: No such file or directory"});
  EXPECT_EQ(stage.state("web"), State::backoff);
  EXPECT_EQ(to_string(stage.view("web").cause), "could not be started: chdir /srv/web: No such file or directory");
}

TEST(StepStarting, SpawnFailureOfWhatIsNeverRestartedIsFailed) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.restart = RestartWhen::never; }));
  stage.tell("web", event::SpawnFailed{1, "execve"});
  EXPECT_EQ(stage.state("web"), State::failed);
}

TEST(StepStarting, StopDuringAnUnansweredSpawnIsHonouredWhenTheAnswerComes) {
  Stage stage = stage_with(service("web"));
  stage.stop("web");
  EXPECT_EQ(stage.state("web"), State::stopping);
  EXPECT_TRUE(stage.asked_nothing_of_the_world());
  stage.spawned("web");
  EXPECT_TRUE(stage.asked<action::SendSignal>("web"));
  stage.ends("web", Killed{*Signal::from_number(SIGTERM)});
  stage.gone("web");
  EXPECT_EQ(stage.state("web"), State::stopped);
}

TEST(StepStarting, StopDuringASpawnThatFailsIsStopped) {
  Stage stage = stage_with(service("web"));
  stage.stop("web");
  stage.tell("web", event::SpawnFailed{1, "clone"});
  EXPECT_EQ(stage.state("web"), State::stopped);
}

TEST(StepStarting, LostSpawnIsBegunAnewAndIsNoFailure) {
  Stage stage = stage_with(service("web"));
  stage.tell("web", event::SpawnLost{1});
  EXPECT_TRUE(stage.asked<action::Spawn>("web"));
  EXPECT_EQ(stage.view("web").run, 2U);
  EXPECT_EQ(stage.view("web").restarts, 0U);
}

TEST(StepStarting, EventOfAnOldRunIsIgnored) {
  Stage stage = stage_with(service("web"));
  stage.tell("web", event::SpawnLost{1});
  stage.spawned("web");
  (void)stage.fleet.take_changed();
  stage.tell("web", event::MainExited{1, Exited{1}});
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_TRUE(stage.actions.empty());
  EXPECT_TRUE(stage.fleet.take_changed().empty());
}

TEST(StepStarting, RestartStopsAndStartsAgain) {
  Stage stage = stage_with(service("web"));
  stage.spawned("web");
  stage.restart("web");
  EXPECT_TRUE(stage.asked<action::SendSignal>("web"));
  stage.crash("web");
  EXPECT_EQ(stage.state("web"), State::starting);
  EXPECT_EQ(stage.view("web").run, 2U);
  EXPECT_EQ(stage.view("web").restarts, 0U);
}

TEST(StepForking, LauncherThatEndsWithZeroIsNoEnd) {
  Stage stage = stage_with(with(service("nginx"), [](Service& s) {
    s.type = ServiceType::forking;
    s.ready.how = ReadyForking{};
  }));
  stage.spawned("nginx");
  stage.ends("nginx", Exited{0});
  EXPECT_EQ(stage.state("nginx"), State::starting);
  EXPECT_FALSE(stage.view("nginx").pid.has_value());
  stage.tell("nginx", event::MainPid{1, Pid(777)});
  stage.ready("nginx");
  EXPECT_EQ(stage.state("nginx"), State::running);
  EXPECT_EQ(stage.view("nginx").pid, Pid(777));
  stage.tell("nginx", event::MainExited{1, Exited{0}, Pid(101)});  // the launcher's, told once more
  EXPECT_EQ(stage.state("nginx"), State::running);
  stage.tell("nginx", event::MainExited{1, Exited{4}, Pid(777)});
  EXPECT_EQ(stage.state("nginx"), State::stopping);
}

TEST(StepForking, LauncherThatFailsIsAFailure) {
  Stage stage = stage_with(with(service("nginx"), [](Service& s) {
    s.type = ServiceType::forking;
    s.ready.how = ReadyForking{};
  }));
  stage.spawned("nginx");
  stage.crash("nginx", 1);
  EXPECT_EQ(stage.state("nginx"), State::backoff);
}

TEST(StepForking, StopWithoutAKnownMainProcessKillsAtOnce) {
  Stage stage = stage_with(with(service("nginx"), [](Service& s) {
    s.type = ServiceType::forking;
    s.ready.how = ReadyForking{};
  }));
  stage.spawned("nginx");
  stage.ends("nginx", Exited{0});
  stage.stop("nginx");
  EXPECT_FALSE(stage.asked<action::SendSignal>("nginx"));
  EXPECT_TRUE(stage.asked<action::KillRest>("nginx"));
}

// Its daemon ends after it, in a way that nobody can tell.
TEST(StepForking, LauncherThatEndsWithZeroDuringAStopTellsNothingOfTheDaemon) {
  Stage stage = stage_with(with(service("nginx"), [](Service& s) {
    s.type = ServiceType::forking;
    s.ready.how = ReadyForking{};
  }));
  stage.spawned("nginx");
  stage.stop("nginx");
  stage.ends("nginx", Exited{0});
  EXPECT_TRUE(stage.asked<action::KillRest>("nginx"));
  stage.gone("nginx");
  EXPECT_EQ(stage.state("nginx"), State::stopped);
  EXPECT_EQ(stage.view("nginx").exit, std::nullopt);
}

TEST(StepNotify, MainPidMakesAnotherProcessTheMainOne) {
  Stage stage = stage_with(notifying("web"));
  stage.bring_up("web");
  stage.tell("web", event::MainPid{1, Pid(555)});
  stage.tell("web", event::MainExited{1, Exited{0}, Pid(101)});
  EXPECT_EQ(stage.state("web"), State::running);
  EXPECT_EQ(stage.view("web").pid, Pid(555));
}

}  // namespace
}  // namespace foster::core::testing
