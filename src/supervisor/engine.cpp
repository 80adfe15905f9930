#include "supervisor/engine.hpp"

#include <vector>

#include "sys/clock.hpp"

namespace foster::supervisor {

Engine::Engine(Loop& loop, core::Fleet fleet, Callbacks callbacks)
    : fleet_(std::move(fleet)), callbacks_(std::move(callbacks)), timer_(loop, [this] { tick(); }) {}

void Engine::report(core::InstanceId id, core::Event event) {
  take(
      {[id, event = std::move(event)](core::Fleet& fleet, core::Instant now) { return fleet.handle(id, event, now); }});
}

void Engine::report(std::span<const core::InstanceId> ids, const core::Event& event) {
  take({[ids = std::vector(ids.begin(), ids.end()), event](core::Fleet& fleet, core::Instant now) {
    return fleet.handle(ids, event, now);
  }});
}

void Engine::apply(core::Model model, const core::Cause& cause, std::function<void()> stored) {
  take({[model = std::move(model), cause](core::Fleet& fleet, core::Instant now) mutable {
          return fleet.apply(std::move(model), cause, now);
        },
        std::move(stored)});
}

void Engine::shut_down(int code, const core::Cause& cause) {
  take({[code, cause](core::Fleet& fleet, core::Instant now) { return fleet.shut_down(code, cause, now); }});
}

void Engine::tick() {
  take({[](core::Fleet& fleet, core::Instant now) { return fleet.tick(now); }});
}

void Engine::take(Step step) {
  inbox_.push_back(std::move(step));
  if (busy_) return;
  busy_ = true;
  while (!inbox_.empty()) {
    Step next = std::move(inbox_.front());
    inbox_.pop_front();
    perform(next.decide(fleet_, core::Instant(sys::monotonic_now())), next);
  }
  busy_ = false;
  if (const auto deadline = fleet_.next_deadline()) {
    timer_.arm(*deadline);
  } else {
    timer_.cancel();
  }
  callbacks_.settled();
}

void Engine::perform(const core::Actions& actions, const Step& step) {
  // Remembered first: whoever dies between the two finds it pending and does it then.
  const std::vector<core::InstanceId> changed = fleet_.take_changed();
  callbacks_.announce(changed, actions);
  for (const core::InstanceId id : changed) callbacks_.store(id);
  callbacks_.stored();
  step.stored();
  for (const core::Action& action : actions) callbacks_.execute(action);
}

}  // namespace foster::supervisor
