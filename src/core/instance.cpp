// What others may see of an instance. Nothing here changes one.
#include <algorithm>

#include "core/step.hpp"

namespace foster::core {

Instance::Instance(unsigned index, std::uint32_t jitter_seed, Instant now)
    : tries_(jitter_seed), since_(now), index_(index) {}

const Instance::Process* Instance::process() const {
  if (const auto* starting = std::get_if<Starting>(&state_)) return &starting->process;
  if (const auto* running = std::get_if<Running>(&state_)) return &running->process;
  if (const auto* stopping = std::get_if<Stopping>(&state_)) return &stopping->process;
  return nullptr;
}

Instance::Process* Instance::process() {
  return const_cast<Process*>(std::as_const(*this).process());
}

bool Instance::is_stopping_by_order() const {
  const auto* stopping = std::get_if<Stopping>(&state_);
  return stopping != nullptr && stopping->sequel == Sequel::obey;
}

bool Instance::is_gated() const {
  const auto* stopping = std::get_if<Stopping>(&state_);
  return stopping != nullptr && stopping->phase == StopPhase::dependants;
}

Provision Instance::provision() const {
  switch (state()) {
    case State::running:
      return Provision::ready;
    case State::starting:
    case State::backoff:
      return Provision::coming;
    case State::waiting:
      return std::get<Waiting>(state_).held ? Provision::down : Provision::coming;
    case State::exited:
      return std::get<IsExited>(state_).is_done ? Provision::ready : Provision::down;
    case State::stopped:
    case State::failed:
      return Provision::down;
    case State::stopping:
      break;
  }
  const auto& stopping = std::get<Stopping>(state_);
  switch (stopping.sequel) {
    case Sequel::again:
    case Sequel::retry:
    case Sequel::by_exit:
      return Provision::coming;
    case Sequel::exited:
      return stopping.is_done ? Provision::coming : Provision::down;
    case Sequel::obey:
    case Sequel::gave_up:
    case Sequel::limit:
    case Sequel::no_start:
      break;
  }
  return Provision::down;
}

bool Instance::is_on_first_way_up() const {
  if (!wanted_) return false;
  if (const auto* waiting = std::get_if<Waiting>(&state_)) return !waiting->held;
  if (state() == State::starting) return true;
  if (state() == State::backoff) return !was_ready_;
  const auto* stopping = std::get_if<Stopping>(&state_);
  if (stopping == nullptr) return false;
  if (stopping->sequel == Sequel::obey || stopping->sequel == Sequel::again) return true;
  return stopping->sequel == Sequel::retry && !was_ready_;
}

std::optional<Pid> Instance::pid() const {
  return process() == nullptr ? std::nullopt : process()->main;
}

std::optional<Instant> Instance::ready_since() const {
  if (const auto* running = std::get_if<Running>(&state_)) return running->ready_since;
  return std::nullopt;
}

std::optional<Instant> Instance::deadline() const {
  if (const auto* starting = std::get_if<Starting>(&state_); starting != nullptr && !starting->spawn_unanswered) {
    return starting->ready_by;
  }
  if (const auto* stopping = std::get_if<Stopping>(&state_)) return stopping->by;
  if (const auto* backoff = std::get_if<InBackoff>(&state_)) return backoff->next_try;
  return std::nullopt;
}

std::optional<Instant> Instance::alarm() const {
  const auto at = deadline();
  if (state() != State::starting && state() != State::running) return at;
  const Process& watched = *process();
  if (watched.watchdog_period == Duration::zero()) return at;
  return at ? std::min(*at, watched.watchdog_by) : watched.watchdog_by;
}

}  // namespace foster::core
