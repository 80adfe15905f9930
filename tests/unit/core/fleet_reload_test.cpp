#include "core/reload.hpp"
#include "stage.hpp"

namespace foster::core::testing {
namespace {

Model model_of(std::vector<Service> services) {
  return {.name = "test", .services = std::move(services)};
}

void reload(Stage& stage, std::vector<Service> services) {
  stage.actions = stage.fleet.apply(model_of(std::move(services)), by("reload"), stage.now);
}

TEST(ReloadPlan, NamesTheKeysThatNeedARestartFirst) {
  const Service old = service("web");
  const Service wanted = with(old, [](Service& s) {
    s.argv.push_back("-v");
    s.umask = 077;
    s.limit.reset();
  });
  const ServiceChange change = compare(old, wanted);
  EXPECT_EQ(change.kind, ServiceChange::Kind::restart);
  EXPECT_EQ(change.why, "command, umask, limit changed");
}

TEST(ReloadPlan, PoliciesAreUpdatedLive) {
  const Service old = service("web");
  const Service wanted = with(old, [](Service& s) {
    s.restart = RestartWhen::always;
    s.backoff.max = 5s;
    s.stop.timeout = 1s;
    s.needs = {"redis"};
    s.workers = 3;
    s.ready.timeout = 3s;
    s.log.keep = 9;
  });
  const ServiceChange change = compare(old, wanted);
  EXPECT_EQ(change.kind, ServiceChange::Kind::update);
  EXPECT_EQ(change.why, "workers, needs, restart, backoff, stop, ready timing, log size changed");
}

TEST(ReloadPlan, EachKeyOfARunNeedsARestart) {
  const std::vector<std::pair<std::string, void (*)(Service&)>> keys{
      {"command", [](Service& s) { s.shell = true; }},
      {"type", [](Service& s) { s.type = ServiceType::forking; }},
      {"directory", [](Service& s) { s.directory = "/srv"; }},
      {"environment", [](Service& s) { s.clear_environment = true; }},
      {"user", [](Service& s) { s.user = "www-data"; }},
      {"group", [](Service& s) { s.group = "adm"; }},
      {"umask", [](Service& s) { s.umask = 0; }},
      {"stdin", [](Service& s) { s.stdin_path = "/dev/zero"; }},
      {"pidfile", [](Service& s) { s.pidfile = "/run/x"; }},
      {"log", [](Service& s) { s.log.enabled = false; }},
      {"log", [](Service& s) { s.log.file = "/var/log/web"; }},
      {"log", [](Service& s) { s.log.syslog = true; }},
      {"log", [](Service& s) { s.log.strip_ansi = true; }},
      {"log", [](Service& s) { s.log.capture = 1; }},
      {"log", [](Service& s) { s.log.events = true; }},
      {"stderr-log", [](Service& s) { s.stderr_log.emplace(); }},
      {"ready", [](Service& s) { s.ready.how = ReadyNotify{}; }},
  };
  for (const auto& [name, change] : keys) {
    const ServiceChange seen = compare(service("web"), with(service("web"), change));
    EXPECT_EQ(seen.kind, ServiceChange::Kind::restart) << name;
    EXPECT_EQ(seen.why, name + " changed");
  }
}

TEST(ReloadPlan, ListsTheWantedOnesInTheirOrderThenTheRemoved) {
  const auto changes = plan_reload(model_of({service("a"), service("b")}), model_of({service("c"), service("b")}));
  ASSERT_EQ(changes.size(), 3U);
  EXPECT_EQ(changes[0].kind, ServiceChange::Kind::add);
  EXPECT_EQ(changes[0].service, "c");
  EXPECT_EQ(changes[1].kind, ServiceChange::Kind::unchanged);
  EXPECT_EQ(changes[2].kind, ServiceChange::Kind::remove);
  EXPECT_EQ(changes[2].service, "a");
}

TEST(FleetReload, OfTheSameModelDoesNothing) {
  Stage stage({service("a"), service("b")});
  stage.bring_up("a");
  stage.bring_up("b");
  reload(stage, {service("a"), service("b")});
  EXPECT_TRUE(stage.actions.empty());
}

TEST(FleetReload, ChangedCommandRestartsThatServiceAlone) {
  Stage stage({service("a"), service("b")});
  stage.bring_up("a");
  stage.bring_up("b");
  reload(stage, {with(service("a"), [](Service& s) { s.argv.push_back("x"); }), service("b")});
  EXPECT_TRUE(stage.asked<action::SendSignal>("a"));
  EXPECT_EQ(to_string(stage.view("a").cause), "definition changed: command changed");
  EXPECT_EQ(stage.state("b"), State::running);
  stage.crash("a", 0);
  EXPECT_EQ(stage.state("a"), State::starting);
}

TEST(FleetReload, ChangedCommandOfAStoppedServiceStartsNothing) {
  Stage stage({service("a")});
  stage.bring_up("a");
  stage.stop("a");
  stage.crash("a", 0);
  reload(stage, {with(service("a"), [](Service& s) { s.argv.push_back("x"); })});
  EXPECT_TRUE(stage.asked_nothing_of_the_world());
}

TEST(FleetReload, MendedServiceThatHadFailedIsTriedAgain) {
  Stage stage({with(service("a"), [](Service& s) { s.restart = RestartWhen::never; })});
  stage.tell("a", event::SpawnFailed{1, "no"});
  reload(stage, {with(service("a"), [](Service& s) { s.argv = {"/bin/true"}; })});
  EXPECT_EQ(stage.state("a"), State::starting);
}

TEST(FleetReload, RemovedServiceIsStoppedThenRetiredAndItsIdReused) {
  Stage stage({service("a"), service("b")});
  stage.bring_up("a");
  const InstanceId id = stage.id("a");
  reload(stage, {service("b")});
  EXPECT_TRUE(stage.asked<action::SendSignal>("a"));
  EXPECT_EQ(stage.fleet.service_of(id).name, "a") << "its definition stays until it is down";
  stage.actions = stage.fleet.handle(id, event::MainExited{1, Exited{0}}, stage.now);
  EXPECT_TRUE(stage.all<action::Retire>().empty());
  stage.actions = stage.fleet.handle(id, event::Gone{1}, stage.now);
  ASSERT_EQ(stage.all<action::Retire>().size(), 1U);
  EXPECT_FALSE(stage.fleet.find("a").has_value());
  reload(stage, {service("b"), service("c")});
  EXPECT_EQ(stage.id("c"), id);
}

TEST(FleetReload, ServiceThatComesBackWhileItIsStoppedIsTheSameInstance) {
  Stage stage({service("a"), service("b")});
  stage.bring_up("a");
  const InstanceId id = stage.id("a");
  reload(stage, {service("b")});
  reload(stage, {service("a"), service("b")});
  EXPECT_EQ(stage.id("a"), id);
  EXPECT_TRUE(stage.all<action::Spawn>().empty());
  stage.crash("a", 0);
  EXPECT_EQ(stage.state("a"), State::starting);
}

TEST(FleetReload, MoreWorkersAreStartedAndFewerStopped) {
  const auto workers = [](unsigned count) { return with(service("web"), [&](Service& s) { s.workers = count; }); };
  Stage stage({workers(2)});
  stage.bring_up("web:0");
  stage.bring_up("web:1");
  reload(stage, {workers(3)});
  EXPECT_EQ(stage.all<action::Spawn>().size(), 1U);
  EXPECT_EQ(stage.state("web:2"), State::starting);
  reload(stage, {workers(1)});
  EXPECT_EQ(stage.state("web"), State::running);
  EXPECT_EQ(stage.state("web:1"), State::stopping);
}

TEST(FleetReload, WorkerTooManyGoesThoughOthersNeedTheService) {
  const auto workers = [](unsigned count) { return with(service("redis"), [&](Service& s) { s.workers = count; }); };
  Stage stage({workers(2), needing("app", {"redis"})});
  for (const char* name : {"redis:0", "redis:1", "app"}) stage.bring_up(name);
  reload(stage, {workers(1), needing("app", {"redis"})});
  EXPECT_TRUE(stage.asked<action::SendSignal>("redis:1"));
  EXPECT_EQ(stage.state("app"), State::running);
}

TEST(FleetReload, RemovedServicesStopInTheirOrder) {
  Stage stage({service("redis"), needing("app", {"redis"})});
  stage.bring_up("redis");
  stage.bring_up("app");
  reload(stage, {});
  EXPECT_TRUE(stage.asked<action::SendSignal>("app"));
  EXPECT_FALSE(stage.asked<action::SendSignal>("redis"));
}

TEST(FleetReload, AutostartSwitchedOnStartsIt) {
  Stage stage({with(service("a"), [](Service& s) { s.autostart = false; })});
  reload(stage, {service("a")});
  EXPECT_EQ(stage.state("a"), State::starting);
}

}  // namespace
}  // namespace foster::core::testing
