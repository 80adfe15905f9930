#include "stage.hpp"

namespace foster::core::testing {
namespace {

Cause down() {
  return {CauseKind::shutdown, {}, {}};
}

TEST(FleetShutdown, StopsInOrderAndThenExits) {
  Stage stage({service("redis"), needing("app", {"redis"})});
  stage.bring_up("redis");
  stage.bring_up("app");
  stage.actions = stage.fleet.shut_down(5, down(), stage.now);
  EXPECT_TRUE(stage.asked<action::SendSignal>("app"));
  EXPECT_FALSE(stage.asked<action::SendSignal>("redis"));
  stage.crash("app", 0);
  EXPECT_TRUE(stage.all<action::Exit>().empty());
  stage.crash("redis", 0);
  ASSERT_EQ(stage.all<action::Exit>().size(), 1U);
  EXPECT_EQ(stage.all<action::Exit>()[0].code, 5);
}

TEST(FleetShutdown, OfNothingExitsAtOnce) {
  Stage stage({});
  stage.actions = stage.fleet.shut_down(0, down(), stage.now);
  EXPECT_EQ(stage.all<action::Exit>().size(), 1U);
}

TEST(FleetShutdown, SecondOneKillsEverybodyAtOnce) {
  Stage stage({service("redis"), needing("app", {"redis"})});
  stage.bring_up("redis");
  stage.bring_up("app");
  (void)stage.fleet.shut_down(0, down(), stage.now);
  stage.actions = stage.fleet.shut_down(0, down(), stage.now);
  EXPECT_TRUE(stage.asked<action::KillRest>("app"));
  EXPECT_TRUE(stage.asked<action::KillRest>("redis"));
}

TEST(FleetShutdown, CancelsWhatWaitsAndRefusesToStart) {
  Stage stage({service("redis"), needing("app", {"redis"})});
  (void)stage.fleet.shut_down(0, down(), stage.now);
  EXPECT_EQ(stage.state("app"), State::stopped);
  EXPECT_TRUE(stage.start("app").empty());
  EXPECT_EQ(stage.state("app"), State::stopped);
}

TEST(FleetShutdown, FailedKeepsItsCause) {
  Stage stage = stage_with(with(service("web"), [](Service& s) { s.restart = RestartWhen::never; }));
  stage.tell("web", event::SpawnFailed{1, "no"});
  stage.actions = stage.fleet.shut_down(0, down(), stage.now);
  EXPECT_EQ(stage.state("web"), State::failed);
  EXPECT_EQ(stage.all<action::Exit>().size(), 1U);
}

TEST(FleetShutdown, GoesOnInARestoredFleet) {
  Stage stage({service("web")});
  stage.bring_up("web");
  (void)stage.fleet.shut_down(3, down(), stage.now);
  const std::vector ids{stage.id("web")};
  const std::vector records{stage.fleet.record(ids[0])};
  stage.fleet = Fleet::restore(stage.fleet.model(), ids, records, 1);
  EXPECT_TRUE(stage.fleet.is_shutting_down());
  stage.pass(0s);
  EXPECT_TRUE(stage.asked<action::SendSignal>("web")) << "it may not have been sent";
  stage.crash("web", 0);
  ASSERT_EQ(stage.all<action::Exit>().size(), 1U);
  EXPECT_EQ(stage.all<action::Exit>()[0].code, 3);
}

Service essential(std::string name) {
  return with(service(std::move(name)), [](Service& s) {
    s.essential = true;
    s.restart = RestartWhen::never;
  });
}

TEST(FleetEssential, EndForGoodStopsEverythingAndExitsWithItsCode) {
  Stage stage({essential("main"), service("side")});
  stage.bring_up("main");
  stage.bring_up("side");
  stage.crash("main", 42);
  EXPECT_EQ(stage.state("side"), State::stopping);
  EXPECT_EQ(to_string(stage.view("side").cause), "an essential service is down: main");
  stage.crash("side", 0);
  ASSERT_EQ(stage.all<action::Exit>().size(), 1U);
  EXPECT_EQ(stage.all<action::Exit>()[0].code, 42);
}

TEST(FleetEssential, SignalBecomesTheShellsExitCode) {
  Stage stage({essential("main")});
  stage.bring_up("main");
  stage.ends("main", Killed{*Signal::from_number(SIGSEGV)});
  stage.gone("main");
  ASSERT_EQ(stage.all<action::Exit>().size(), 1U);
  EXPECT_EQ(stage.all<action::Exit>()[0].code, 128 + SIGSEGV);
}

TEST(FleetEssential, WhatNeverRanExitsWithOne) {
  Stage stage({essential("main")});
  stage.tell("main", event::SpawnFailed{1, "no"});
  ASSERT_EQ(stage.all<action::Exit>().size(), 1U);
  EXPECT_EQ(stage.all<action::Exit>()[0].code, 1);
}

TEST(FleetEssential, StopByAPersonIsNoFailure) {
  Stage stage({essential("main"), service("side")});
  stage.bring_up("main");
  stage.bring_up("side");
  stage.stop("main");
  stage.crash("main", 0);
  EXPECT_EQ(stage.state("main"), State::stopped);
  EXPECT_EQ(stage.state("side"), State::running);
}

}  // namespace
}  // namespace foster::core::testing
