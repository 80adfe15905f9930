#include "scenario.hpp"

#include <algorithm>

#include "dice.hpp"

namespace foster::sim {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using core::Service;

Duration one_of(Dice& dice, std::initializer_list<Duration> choices) {
  return *(choices.begin() + dice.throw_one(static_cast<unsigned>(choices.size())));
}

void make_readiness(Service& service, Dice& dice) {
  switch (dice.throw_one(6)) {
    case 0:
      service.ready.how = core::ReadyNotify{};
      break;
    case 1:
      service.ready.how = core::ReadyTcp{"127.0.0.1", 80};
      break;
    case 2:
      service.type = core::ServiceType::forking;
      service.ready.how = core::ReadyForking{};
      break;
    default:
      break;
  }
  service.ready.timeout = one_of(dice, {500ms, 2s, 10s});
  service.start_seconds = one_of(dice, {0ms, 100ms, 1s});
}

void make_policies(Service& service, Dice& dice) {
  service.restart = static_cast<core::RestartWhen>(dice.throw_one(3));
  service.backoff.initial = one_of(dice, {0ms, 50ms, 100ms, 1s});
  service.backoff.max = one_of(dice, {1s, 5s, 30s});
  service.backoff.reset_after = one_of(dice, {500ms, 10s});
  service.backoff.jitter = dice.throw_under(30) ? 0 : 0.1;
  service.limit = core::Limit{1 + dice.throw_one(5), one_of(dice, {1s, 10s, 60s})};
  // No limit and no delay would be an endless loop at one instant, by order.
  if (dice.throw_under(25)) service.limit.reset();
  if (!service.limit) service.backoff.initial = std::max<Duration>(service.backoff.initial, 50ms);
  service.stop.timeout = one_of(dice, {100ms, 1s, 10s});
  service.start_retries.reset();
  if (dice.throw_under(25)) service.start_retries = dice.throw_one(4);
  if (service.start_retries) service.backoff.step = one_of(dice, {0ms, 100ms, 1s});
  service.success_exit_codes = {0};
  if (dice.throw_under(15)) service.success_exit_codes = {0, 1, 100, 143};
  if (dice.throw_under(10)) service.success_exit_codes.clear();
  service.autostart = dice.throw_under(80);
  service.essential = dice.throw_under(4);
}

Service make_service(std::string name, Dice& dice) {
  Service service;
  service.name = std::move(name);
  service.argv = {"/bin/" + service.name};
  service.workers = dice.throw_under(70) ? 1 : 2 + dice.throw_one(2);
  make_readiness(service, dice);
  make_policies(service, dice);
  return service;
}

// Names are ordered: who needs somebody has the greater name, so that no change can close a circle.
void make_dependencies(core::Model& model, std::size_t at, Dice& dice) {
  Service& service = model.services[at];
  service.needs.clear();
  service.after.clear();
  for (const Service& other : model.services) {
    if (other.name >= service.name) continue;
    const unsigned what = dice.throw_one(100);
    if (what < 30)
      service.needs.push_back(other.name);
    else if (what < 42)
      service.after.push_back(other.name);
  }
}

void change_service(Service& service, Dice& dice) {
  switch (dice.throw_one(6)) {
    case 0:
      service.argv.push_back("-v");
      return;
    case 1:
      service.workers = 1 + dice.throw_one(3);
      return;
    case 2:
      service.environment.emplace_back("A", std::to_string(dice.throw_one(3)));
      return;
    case 3: {
      // What an exit was is judged once, when it happens; the oracle would judge it anew.
      const auto codes = service.success_exit_codes;
      make_policies(service, dice);
      service.success_exit_codes = codes;
      return;
    }
    case 4:
      make_readiness(service, dice);
      service.type = std::holds_alternative<core::ReadyForking>(service.ready.how) ? core::ServiceType::forking
                                                                                   : core::ServiceType::simple;
      return;
    default:
      service.stop.timeout += 1s;
      return;
  }
}

}  // namespace

core::Model make_model(std::uint64_t seed) {
  Dice dice(roll(seed, 'm'));
  core::Model model{.name = "sim", .services = {}};
  const unsigned count = 1 + dice.throw_one(6);
  for (unsigned n = 0; n < count; ++n)
    model.services.push_back(make_service(std::string(1, static_cast<char>('a' + n)), dice));
  for (std::size_t at = 0; at < model.services.size(); ++at) make_dependencies(model, at, dice);
  // The order of the file is no order of starting.
  for (std::size_t at = model.services.size(); at > 1; --at) {
    std::swap(model.services[at - 1], model.services[dice.throw_one(static_cast<unsigned>(at))]);
  }
  return model;
}

core::Model change_model(const core::Model& model, std::uint64_t seed) {
  Dice dice(roll(seed, 'c'));
  core::Model changed = model;
  std::vector<Service>& services = changed.services;
  const unsigned changes = 1 + dice.throw_one(3);
  for (unsigned n = 0; n < changes; ++n) {
    const std::size_t at = services.empty() ? 0 : dice.throw_one(static_cast<unsigned>(services.size()));
    const unsigned what = dice.throw_one(10);
    if (services.empty() || what == 0) {
      const std::string name(1, static_cast<char>('a' + dice.throw_one(9)));
      if (std::ranges::none_of(services, [&](const Service& other) { return other.name == name; })) {
        services.push_back(make_service(name, dice));
        make_dependencies(changed, services.size() - 1, dice);
      }
    } else if (what == 1) {
      const std::string name = services[at].name;
      services.erase(services.begin() + static_cast<std::ptrdiff_t>(at));
      for (Service& other : services) {
        std::erase(other.needs, name);
        std::erase(other.after, name);
      }
    } else if (what == 2) {
      make_dependencies(changed, at, dice);
    } else {
      change_service(services[at], dice);
    }
  }
  return changed;
}

}  // namespace foster::sim
