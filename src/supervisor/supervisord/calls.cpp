#include "supervisor/supervisord/calls.hpp"

#include <optional>
#include <utility>

namespace foster::supervisor::supervisord {
namespace {

using core::State;
using Outcome = compat::Outcome<>;

std::optional<Outcome> judge_start(State state) {
  switch (state) {
    case State::running:
      return Outcome();
    case State::backoff:
    case State::failed:
      return compat::refusal(compat::FaultCode::spawn_error);
    case State::stopped:
    case State::exited:
      return compat::refusal(compat::FaultCode::abnormal_termination);
    case State::waiting:
    case State::starting:
    case State::stopping:
      break;
  }
  return std::nullopt;
}

std::optional<Outcome> judge_stop(State state) {
  const bool is_alive = state == State::stopping || state == State::running;
  return is_alive ? std::nullopt : std::optional(Outcome());
}

}  // namespace

void Calls::add(core::InstanceId id, Goal goal, Done done) {
  waiting_.push_back({.id = id, .goal = goal, .done = std::move(done)});
}

void Calls::note(core::InstanceId id, State state) {
  for (auto waiting = waiting_.begin(); waiting != waiting_.end();) {
    const bool is_meant = waiting->id == id;
    auto outcome = !is_meant ? std::nullopt : waiting->goal == Goal::running ? judge_start(state) : judge_stop(state);
    if (!outcome) {
      ++waiting;
      continue;
    }
    answer(std::move(waiting->done), std::move(*outcome));
    waiting = waiting_.erase(waiting);
  }
}

void Calls::finish() {
  for (Waiting& waiting : std::exchange(waiting_, {})) {
    const bool is_stop = waiting.goal == Goal::stopped;
    answer(std::move(waiting.done), is_stop ? Outcome() : compat::refusal(compat::FaultCode::abnormal_termination));
  }
}

// Later: who answers may ask for the next thing, while this one is still being done.
void Calls::answer(Done done, Outcome outcome) {
  loop_.post([done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
}

}  // namespace foster::supervisor::supervisord
