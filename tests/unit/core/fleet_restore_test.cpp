#include <cstring>

#include "core/invariants.hpp"
#include "stage.hpp"

namespace foster::core::testing {
namespace {

Fleet restored(const Fleet& lost) {
  const auto ids = lost.ids();
  std::vector<InstanceRecord> records;
  for (const InstanceId id : ids) records.push_back(lost.record(id));
  return Fleet::restore(lost.model(), ids, records, 1);
}

void expect_the_same(const Fleet& lost) {
  Violations found;
  check_recovery(lost, restored(lost), found);
  for (const Violation& violation : found) ADD_FAILURE() << violation.text;
}

TEST(FleetRestore, GivesTheSameFleetInEveryState) {
  Stage stage(
      {notifying("web"), with(service("job"), [](Service& s) { s.autostart = false; }), needing("app", {"web"})});
  expect_the_same(stage.fleet);
  stage.spawned("web");
  expect_the_same(stage.fleet);
  stage.tell("web", event::WatchdogPing{1, 2s});
  stage.ready("web");
  expect_the_same(stage.fleet);
  stage.ends("web", Killed{*Signal::from_number(SIGSEGV), true});
  expect_the_same(stage.fleet);
  stage.gone("web");
  stage.tell("web", event::SpawnFailed{2, "no"});
  expect_the_same(stage.fleet);
  EXPECT_EQ(stage.state("web"), State::backoff);
  stage.pass(10s);
  stage.spawned("web");
  stage.stop("web");
  expect_the_same(stage.fleet);
  stage.pass(10s);
  expect_the_same(stage.fleet);
  stage.crash("web", 0);
  expect_the_same(stage.fleet);
}

TEST(FleetRestore, DecidesNothingBeforeTheFirstTick) {
  Stage stage({service("redis"), needing("app", {"redis"})});
  stage.bring_up("redis");
  stage.fleet = restored(stage.fleet);
  stage.tell("app", event::SpawnLost{1});
  EXPECT_TRUE(stage.actions.empty());
  stage.crash("redis");
  EXPECT_TRUE(stage.all<action::Spawn>().empty());
  stage.pass(0s);
  EXPECT_TRUE(stage.asked<action::Spawn>("redis"));
  EXPECT_FALSE(stage.asked<action::Spawn>("app")) << "what it needs ended while nobody looked";
}

TEST(FleetRestore, AsksAgainForWhatMayNotHaveBeenDone) {
  Stage stage({notifying("starts"), service("stops"), service("sweeps")});
  stage.spawned("starts");
  stage.bring_up("stops");
  stage.bring_up("sweeps");
  stage.stop("stops");
  stage.ends("sweeps", Exited{1});
  stage.fleet = restored(stage.fleet);
  stage.pass(0s);
  EXPECT_TRUE(stage.asked<action::WatchReadiness>("starts"));
  EXPECT_TRUE(stage.asked<action::SendSignal>("stops"));
  EXPECT_TRUE(stage.asked<action::KillRest>("sweeps"));
}

TEST(FleetRestore, UnansweredSpawnIsAdoptedByItsPid) {
  Stage stage({service("web")});
  stage.fleet = restored(stage.fleet);
  stage.tell("web", event::Spawned{1, Pid(4711)});
  stage.pass(0s);
  EXPECT_TRUE(stage.all<action::Spawn>().empty());
  EXPECT_EQ(stage.view("web").pid, Pid(4711));
}

TEST(FleetRestore, ServiceThatTheModelDoesNotKnowIsStoppedAndRetired) {
  Stage stage({service("old"), service("web")});
  stage.bring_up("old");
  const auto ids = stage.fleet.ids();
  std::vector<InstanceRecord> records;
  for (const InstanceId id : ids) records.push_back(stage.fleet.record(id));
  stage.fleet = Fleet::restore({.name = "test", .services = {service("web")}}, ids, records, 1);
  stage.pass(0s);
  EXPECT_TRUE(stage.asked<action::SendSignal>("old"));
  stage.crash("old", 0);
  EXPECT_EQ(stage.all<action::Retire>().size(), 1U);
}

TEST(FleetRestore, ServiceThatHasNoRecordYetIsBegun) {
  Stage stage({service("web")});
  const std::vector ids{stage.id("web")};
  const std::vector records{stage.fleet.record(ids[0])};
  stage.fleet = Fleet::restore({.name = "test", .services = {service("new"), service("web")}}, ids, records, 1);
  stage.pass(0s);
  EXPECT_TRUE(stage.asked<action::Spawn>("new"));
}

TEST(FleetRecord, LongTextIsCutAtACharacter) {
  Stage stage({service("web")});
  std::string text = "x";
  for (int n = 0; n < 200; ++n) text += "ü";
  stage.tell("web", event::SpawnFailed{1, text});
  const std::string& seen = stage.view("web").cause.detail;
  EXPECT_LT(seen.size(), 192U);
  EXPECT_TRUE(text.starts_with(seen));
  EXPECT_EQ(seen.size() % 2, 1U);
  expect_the_same(stage.fleet);
}

TEST(FleetRecord, ChangedIdsAreTakenOnce) {
  Stage stage({service("a"), service("b")});
  EXPECT_EQ(stage.fleet.take_changed().size(), 2U);
  EXPECT_TRUE(stage.fleet.take_changed().empty());
  stage.spawned("b");
  EXPECT_EQ(stage.fleet.take_changed(), std::vector{stage.id("b")});
}

}  // namespace
}  // namespace foster::core::testing
