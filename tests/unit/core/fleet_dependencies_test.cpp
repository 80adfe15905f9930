#include "stage.hpp"

namespace foster::core::testing {
namespace {

Stage redis_and_app() {
  return Stage({needing("app", {"redis"}), service("redis")});
}

Stage redis_and_app_up() {
  Stage stage = redis_and_app();
  stage.bring_up("redis");
  stage.bring_up("app");
  return stage;
}

TEST(FleetNeeds, DependantWaitsAndSaysForWhom) {
  Stage stage = redis_and_app();
  EXPECT_EQ(stage.state("redis"), State::starting);
  EXPECT_EQ(stage.state("app"), State::waiting);
  EXPECT_EQ(stage.view("app").cause.detail, "redis: starting");
  stage.bring_up("redis");
  EXPECT_EQ(stage.state("app"), State::starting);
}

TEST(FleetNeeds, EveryWorkerMustBeReady) {
  Stage stage({with(service("redis"), [](Service& s) { s.workers = 2; }), needing("app", {"redis"})});
  stage.bring_up("redis:0");
  EXPECT_EQ(stage.view("app").cause.detail, "redis:1: starting");
  stage.bring_up("redis:1");
  EXPECT_EQ(stage.state("app"), State::starting);
}

TEST(FleetNeeds, JobThatIsDoneIsGoodEnough) {
  Stage stage({service("migrate"), needing("app", {"migrate"})});
  stage.spawned("migrate");
  stage.crash("migrate", 0);
  EXPECT_EQ(stage.state("migrate"), State::exited);
  EXPECT_EQ(stage.state("app"), State::starting);
}

TEST(FleetNeeds, FailedNeedIsNamedWithItsCause) {
  Stage stage({with(service("redis"), [](Service& s) { s.restart = RestartWhen::never; }), needing("app", {"redis"})});
  stage.tell("redis", event::SpawnFailed{1, "execve /bin/redis: No such file or directory"});
  EXPECT_EQ(stage.state("app"), State::waiting);
  EXPECT_EQ(stage.view("app").cause.detail,
            "redis: failed: could not be started: execve /bin/redis: No such file or directory");
}

TEST(FleetNeeds, StopOfANeedStopsItsDependantsFirst) {
  Stage stage = redis_and_app_up();
  stage.stop("redis");
  EXPECT_EQ(stage.state("redis"), State::stopping);
  EXPECT_EQ(stage.state("app"), State::stopping);
  EXPECT_TRUE(stage.asked<action::SendSignal>("app"));
  EXPECT_FALSE(stage.asked<action::SendSignal>("redis"));
  EXPECT_EQ(stage.view("app").cause.kind, CauseKind::dependency);
  stage.ends("app", Exited{0});
  EXPECT_FALSE(stage.asked<action::SendSignal>("redis")) << "something of app may be alive";
  stage.gone("app");
  EXPECT_TRUE(stage.asked<action::SendSignal>("redis"));
  EXPECT_EQ(stage.state("app"), State::waiting);
  EXPECT_TRUE(stage.view("app").wanted);
}

TEST(FleetNeeds, DependantComesBackWhenItsNeedIsStartedAgain) {
  Stage stage = redis_and_app_up();
  stage.stop("redis");
  stage.crash("app", 0);
  stage.crash("redis", 0);
  EXPECT_EQ(stage.view("app").cause.detail, "redis: stopped");
  stage.start("redis");
  stage.bring_up("redis");
  EXPECT_EQ(stage.state("app"), State::starting);
}

TEST(FleetNeeds, RestartOfANeedTakesItsDependantsDownAndUp) {
  Stage stage = redis_and_app_up();
  stage.restart("redis");
  EXPECT_EQ(stage.state("app"), State::stopping);
  stage.crash("app", 0);
  stage.crash("redis", 0);
  EXPECT_EQ(stage.state("redis"), State::starting);
  EXPECT_EQ(stage.view("app").cause.detail, "redis: starting");
  stage.bring_up("redis");
  EXPECT_EQ(stage.state("app"), State::starting);
}

TEST(FleetNeeds, CrashOfANeedLeavesItsDependantsRunning) {
  Stage stage = redis_and_app_up();
  stage.crash("redis");
  EXPECT_EQ(stage.state("redis"), State::starting);
  EXPECT_EQ(stage.state("app"), State::running);
  stage.bring_up("redis");
  stage.crash("redis");
  EXPECT_EQ(stage.state("redis"), State::backoff);
  EXPECT_EQ(stage.state("app"), State::running);
}

TEST(FleetNeeds, NeedThatGivesUpTakesItsDependantsDown) {
  Stage stage({with(service("redis"), [](Service& s) { s.restart = RestartWhen::never; }), needing("app", {"redis"})});
  stage.bring_up("redis");
  stage.bring_up("app");
  stage.crash("redis");
  EXPECT_EQ(stage.state("redis"), State::exited);
  EXPECT_EQ(stage.state("app"), State::stopping);
  EXPECT_EQ(to_string(stage.view("app").cause), "needs redis: stopping: exited with code 3");
}

TEST(FleetNeeds, StartOfADependantStartsWhatItNeeds) {
  Stage stage({with(service("net"), [](Service& s) { s.autostart = false; }),
               with(needing("redis", {"net"}), [](Service& s) { s.autostart = false; }),
               with(needing("app", {"redis"}), [](Service& s) { s.autostart = false; })});
  stage.start("app");
  EXPECT_EQ(stage.state("net"), State::starting);
  EXPECT_EQ(to_string(stage.view("net").cause), "needed by redis");
  EXPECT_EQ(stage.state("redis"), State::waiting);
  EXPECT_TRUE(stage.view("redis").wanted);
}

TEST(FleetNeeds, AutostartedServiceStartsWhatItNeeds) {
  Stage stage({with(service("redis"), [](Service& s) { s.autostart = false; }), needing("app", {"redis"})});
  EXPECT_EQ(stage.state("redis"), State::starting);
}

TEST(FleetNeeds, HeldNeedHoldsItsDependantsToo) {
  Stage stage({service("net"), needing("redis", {"net"}), needing("app", {"redis"})});
  for (const char* name : {"net", "redis", "app"}) stage.bring_up(name);
  stage.stop("net");
  EXPECT_TRUE(stage.asked<action::SendSignal>("app"));
  EXPECT_FALSE(stage.asked<action::SendSignal>("redis"));
  stage.crash("app", 0);
  EXPECT_TRUE(stage.asked<action::SendSignal>("redis"));
  stage.crash("redis", 0);
  EXPECT_TRUE(stage.asked<action::SendSignal>("net"));
}

TEST(FleetAfter, WaitsWhileTheOtherIsOnItsWayUp) {
  Stage stage({service("a"), with(service("b"), [](Service& s) { s.after = {"a"}; })});
  EXPECT_EQ(stage.view("b").cause.detail, "a: starting");
  stage.bring_up("a");
  EXPECT_EQ(stage.state("b"), State::starting);
}

TEST(FleetAfter, DoesNotWaitForWhoIsDown) {
  Stage stage({with(service("a"), [](Service& s) { s.autostart = false; }),
               with(service("b"), [](Service& s) { s.after = {"a"}; })});
  EXPECT_EQ(stage.state("b"), State::starting);
}

TEST(FleetAfter, DoesNotWaitForWhoGaveUp) {
  Stage stage({with(service("a"), [](Service& s) { s.restart = RestartWhen::never; }),
               with(service("b"), [](Service& s) { s.after = {"a"}; })});
  stage.tell("a", event::SpawnFailed{1, "no"});
  EXPECT_EQ(stage.state("b"), State::starting);
}

TEST(FleetAfter, StopOfTheOtherStopsNobody) {
  Stage stage({service("a"), with(service("b"), [](Service& s) { s.after = {"a"}; })});
  stage.bring_up("a");
  stage.bring_up("b");
  stage.stop("a");
  EXPECT_TRUE(stage.asked<action::SendSignal>("a"));
  EXPECT_EQ(stage.state("b"), State::running);
}

TEST(FleetAfter, BothStoppedGoInReverseOrder) {
  Stage stage({service("a"), with(service("b"), [](Service& s) { s.after = {"a"}; })});
  stage.bring_up("a");
  stage.bring_up("b");
  stage.actions = stage.fleet.handle(stage.fleet.match("*"), event::Stop{by("root")}, stage.now);
  EXPECT_TRUE(stage.asked<action::SendSignal>("b"));
  EXPECT_FALSE(stage.asked<action::SendSignal>("a"));
  stage.crash("b", 0);
  EXPECT_TRUE(stage.asked<action::SendSignal>("a"));
}

}  // namespace
}  // namespace foster::core::testing
