// A thousand services: nothing may cost more than in proportion. The bounds are generous, for sanitizers and busy
// machines; what is quadratic is far beyond them.
#include <chrono>

#include "core/step.hpp"
#include "stage.hpp"

namespace foster::core::testing {
namespace {

constexpr std::size_t kMany = 1000;

std::chrono::milliseconds spent(auto work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

std::vector<Service> many(auto change) {
  std::vector<Service> services;
  for (std::size_t n = 0; n < kMany; ++n) {
    services.push_back(service("s" + std::to_string(n)));
    change(services.back(), n);
  }
  return services;
}

void live_a_life(std::vector<Service> services) {
  Stage stage(std::move(services));
  const auto ids = stage.fleet.ids();
  for (const InstanceId id : ids)
    (void)stage.fleet.handle(id, event::Spawned{1, Pid(1000 + static_cast<pid_t>(id))}, stage.now);
  stage.pass(1s);
  for (const InstanceId id : ids) {
    (void)stage.fleet.handle(id, event::MainExited{1, Exited{1}}, stage.now);
    (void)stage.fleet.handle(id, event::Gone{1}, stage.now);
  }
  for (const InstanceId id : ids) (void)stage.fleet.record(id);
  (void)stage.fleet.shut_down(0, {CauseKind::shutdown, {}, {}}, stage.now);
}

TEST(FleetOfAThousand, IndependentServicesCostLittle) {
  EXPECT_LT(spent([] { live_a_life(many([](Service&, std::size_t) {})); }), 2000ms);
}

TEST(FleetOfAThousand, ServicesThatAllNeedOneCostLittle) {
  EXPECT_LT(spent([] {
              live_a_life(many([](Service& s, std::size_t n) {
                if (n > 0) s.needs = {"s0"};
              }));
            }),
            2000ms);
}

TEST(FleetOfAThousand, AChainOfNeedsComesUpLinkByLink) {
  EXPECT_LT(spent([] {
              Stage stage(many([](Service& s, std::size_t n) {
                s.start_seconds = 0s;
                if (n > 0) s.needs = {"s" + std::to_string(n - 1)};
              }));
              for (std::size_t n = 0; n < kMany; ++n) stage.spawned("s" + std::to_string(n));
              EXPECT_EQ(stage.state("s999"), State::running);
            }),
            2000ms);
}

TEST(FleetOfAThousand, WorkersOfOneServiceCostLittle) {
  EXPECT_LT(spent([] {
              live_a_life({with(service("web"), [](Service& s) { s.workers = kMany; }), needing("app", {"web"})});
            }),
            2000ms);
}

TEST(Instance, IsSmall) {
  EXPECT_LE(sizeof(Instance), 320U);
}

}  // namespace
}  // namespace foster::core::testing
