// A fleet with a clock of its own, for tests: arrange with a few words, act, and look at what was decided.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/fleet.hpp"

namespace foster::core::testing {

using namespace std::chrono_literals;

inline Service service(std::string name) {
  Service made;
  made.name = std::move(name);
  made.argv = {"/bin/" + made.name};
  made.backoff.jitter = 0;
  return made;
}

inline Service with(Service made, auto change) {
  change(made);
  return made;
}

inline Cause by(std::string who) {
  return {CauseKind::requested, std::move(who), {}};
}

class Stage {
 public:
  explicit Stage(std::vector<Service> services) : fleet(1) {
    actions = fleet.apply({.name = "test", .services = std::move(services)}, {CauseKind::configured, {}, {}}, now);
  }

  InstanceId id(const std::string& name) const {
    const auto found = fleet.find(name);
    EXPECT_TRUE(found.has_value()) << name;
    return found.value_or(0);
  }
  InstanceView view(const std::string& name) const { return fleet.view(id(name)); }
  State state(const std::string& name) const { return view(name).state; }

  const Actions& tell(const std::string& name, const Event& event) {
    return actions = fleet.handle(id(name), event, now);
  }
  const Actions& start(const std::string& name) { return tell(name, event::Start{by("root")}); }
  const Actions& stop(const std::string& name) { return tell(name, event::Stop{by("root")}); }
  const Actions& restart(const std::string& name) { return tell(name, event::Restart{by("root")}); }
  const Actions& spawned(const std::string& name) {
    return tell(name, event::Spawned{view(name).run, Pid(static_cast<pid_t>(100 + 10 * id(name) + view(name).run))});
  }
  const Actions& ends(const std::string& name, const ExitStatus& status) {
    return tell(name, event::MainExited{view(name).run, status});
  }
  const Actions& gone(const std::string& name) { return tell(name, event::Gone{view(name).run}); }
  const Actions& ready(const std::string& name) { return tell(name, event::Ready{view(name).run, "READY=1"}); }
  const Actions& pass(Duration duration) {
    now += duration;
    return actions = fleet.tick(now);
  }

  /// Spawned and ready, however it shows that.
  void bring_up(const std::string& name) {
    spawned(name);
    if (std::holds_alternative<ReadyNone>(fleet.service_of(id(name)).ready.how)) {
      pass(fleet.service_of(id(name)).start_seconds);
    } else {
      ready(name);
    }
    ASSERT_EQ(state(name), State::running) << name;
  }
  /// Its main process ends, and nothing is left of it.
  void crash(const std::string& name, int code = 3) {
    ends(name, Exited{code});
    gone(name);
  }

  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const Action& action : actions) {
      if (const auto* one = std::get_if<Kind>(&action)) found.push_back(*one);
    }
    return found;
  }
  template <class Kind>
  bool asked(const std::string& name) const {
    return std::ranges::any_of(all<Kind>(), [&](const Kind& one) { return one.id == id(name); });
  }
  /// Nobody is spawned, signalled or killed.
  bool asked_nothing_of_the_world() const {
    return all<action::Spawn>().empty() && all<action::SendSignal>().empty() && all<action::KillRest>().empty();
  }

  Fleet fleet;
  Instant now{1h};
  Actions actions;
};

inline Stage stage_with(Service only) {
  return Stage({std::move(only)});
}

inline Service notifying(std::string name) {
  return with(service(std::move(name)), [](Service& s) { s.ready.how = ReadyNotify{}; });
}

inline Service needing(std::string name, std::vector<std::string> needs) {
  return with(service(std::move(name)), [&](Service& s) { s.needs = std::move(needs); });
}

}  // namespace foster::core::testing
