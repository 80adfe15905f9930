// The deeds of the state machine, in the order of the table's columns; what they share is at the end.
#include "core/step.hpp"

#include <algorithm>
#include <utility>

#include "core/mutation.hpp"
#include "core/step_table.hpp"

namespace foster::core {
namespace {

// Killing may have missed a process that was being forked at that instant.
constexpr Duration kKillAgain = 1s;

bool proves_nothing(const Service& service) {
  return std::holds_alternative<ReadyNone>(service.ready.how);
}

bool has_launcher(const Service& service) {
  return service.type == ServiceType::forking || std::holds_alternative<ReadyForking>(service.ready.how);
}

bool is_a_success(const ExitStatus& status, const std::optional<Instant>& ready_since, const Service& service) {
  return is_success_of(service, status) && (ready_since || (proves_nothing(service) && !service.start_retries));
}

// Tried again by a rule of its own.
bool is_failed_start(const std::optional<Instant>& ready_since, const Service& service) {
  return !ready_since && service.start_retries;
}

// The record has room for so much; a longer text would change when the supervisor is lost.
Cause clipped(Cause cause) {
  constexpr std::size_t room = sizeof(InstanceRecord::cause_detail) - 1;
  if (cause.detail.size() > room) {
    std::size_t end = room;
    while (end > 0 && (static_cast<unsigned char>(cause.detail[end]) & 0xC0U) == 0x80U) --end;
    cause.detail.resize(end);
  }
  return cause;
}

const Cause& cause_of(const Event& event) {
  if (const auto* start = std::get_if<event::Start>(&event)) return start->cause;
  if (const auto* stop = std::get_if<event::Stop>(&event)) return stop->cause;
  return std::get<event::Restart>(event).cause;
}

std::optional<Run> run_of(const Event& event) {
  return std::visit(
      [](const auto& fact) -> std::optional<Run> {
        if constexpr (requires { fact.run; }) return fact.run;
        return std::nullopt;
      },
      event);
}

}  // namespace

bool Instance::step(const Event& event, const Scene& scene) {
  if (const auto run = run_of(event); run && *run != run_) return false;
  return run_deed(static_cast<Trigger>(event.index()), &event, scene);
}

bool Instance::due(const Scene& scene) {
  const auto at = alarm();
  return at && *at <= scene.now && run_deed(Trigger::due, nullptr, scene);
}

bool Instance::kill_now(const Scene& scene) {
  return run_deed(Trigger::kill_now, nullptr, scene);
}

bool Instance::run_deed(Trigger trigger, const Event* event, const Scene& scene) {
  const Deed deed = StepTable::deed(state(), trigger);
  if (deed == &Instance::ignore) return false;
  (this->*deed)(event, scene);
  return true;
}

// -- Wishes --

void Instance::ignore(const Event*, const Scene&) {}

void Instance::want(const Event*, const Scene&) {
  wanted_ = true;
  forget_tries();
}

void Instance::begin(const Event* event, const Scene& scene) {
  wanted_ = true;
  forget_tries();
  await_spawn(cause_of(*event), scene);
}

void Instance::come_back(const Event* event, const Scene& scene) {
  auto& stopping = std::get<Stopping>(state_);
  wanted_ = true;
  forget_tries();
  cause_ = clipped(cause_of(*event));
  cause_.exit = stopping.process.main ? std::nullopt : exit_;
  if (stopping.sequel != Sequel::obey) stopping.sequel = Sequel::again;
  if (is_broken(Mutation::a_start_overtakes_the_last_output) && stopping.phase == StopPhase::killing) {
    await_spawn(cause_, scene);
  }
}

void Instance::cancel(const Event* event, const Scene& scene) {
  wanted_ = false;
  enter(Stopped{}, cause_of(*event), scene);
}

void Instance::order_stop(const Event* event, const Scene& scene) {
  wanted_ = false;
  begin_stop(Sequel::obey, cause_of(*event), scene);
}

void Instance::stop_for_good(const Event* event, const Scene&) {
  auto& stopping = std::get<Stopping>(state_);
  wanted_ = false;
  cause_ = clipped(cause_of(*event));
  if (stopping.phase == StopPhase::leaving) {
    stopping.phase = StopPhase::dependants;
    stopping.by.reset();
  }
  stopping.sequel = Sequel::obey;
}

void Instance::order_restart(const Event* event, const Scene& scene) {
  wanted_ = true;
  forget_tries();
  begin_stop(Sequel::obey, cause_of(*event), scene);
}

// -- Facts about a run --

void Instance::note_spawned(const Event* event, const Scene& scene) {
  auto& starting = std::get<Starting>(state_);
  if (!starting.spawn_unanswered) return;
  starting.spawn_unanswered = false;
  starting.process.main = std::get<event::Spawned>(*event).pid;
  if (!proves_nothing(scene.service)) {
    starting.is_watched = true;
    starting.ready_by = scene.now + scene.service.ready.timeout;
    scene.actions.push_back(action::WatchReadiness{scene.id, run_});
  } else if (scene.service.start_seconds > Duration::zero()) {
    starting.ready_by = scene.now + scene.service.start_seconds;
  } else {
    enter_ready("started", scene);
  }
}

void Instance::note_late_spawn(const Event* event, const Scene& scene) {
  auto& stopping = std::get<Stopping>(state_);
  if (stopping.phase != StopPhase::spawning) return;
  stopping.process.main = std::get<event::Spawned>(*event).pid;
  stopping.phase = StopPhase::dependants;
  if (stopping.kill_when_spawned) kill_rest(stopping, scene);
}

void Instance::fail_to_spawn(const Event* event, const Scene& scene) {
  if (!std::get<Starting>(state_).spawn_unanswered) return;
  cause_ = clipped({CauseKind::spawn_failed, std::get<event::SpawnFailed>(*event).error, {}});
  state_ = Stopping{.process = {}, .phase = StopPhase::killing, .sequel = judge_failure({}, scene)};
  finish(scene);
}

void Instance::finish_without_spawn(const Event*, const Scene& scene) {
  if (std::get<Stopping>(state_).phase == StopPhase::spawning) finish(scene);
}

void Instance::note_lost_spawn(const Event*, const Scene& scene) {
  if (std::get<Starting>(state_).spawn_unanswered) await_spawn({CauseKind::recovered, {}, {}}, scene);
}

void Instance::note_end(const Event* event, const Scene& scene) {
  const auto& fact = std::get<event::MainExited>(*event);
  Process& ended = *process();
  const auto* starting = std::get_if<Starting>(&state_);
  const bool unanswered = starting != nullptr && starting->spawn_unanswered;
  if (!unanswered && (!ended.main || (fact.pid && *fact.pid != *ended.main))) return;
  if (ended.is_launcher && is_success(fact.status)) {
    ended.main.reset();
    return;
  }
  end_run(fact.status, scene);
  if (is_broken(Mutation::spawns_before_the_last_run_is_gone)) return finish(scene);
  kill_rest(std::get<Stopping>(state_), scene);
}

void Instance::note_end_while_stopping(const Event* event, const Scene& scene) {
  auto& stopping = std::get<Stopping>(state_);
  const auto& fact = std::get<event::MainExited>(*event);
  const bool unanswered = stopping.phase == StopPhase::spawning;
  if (!unanswered && (!stopping.process.main || (fact.pid && *fact.pid != *stopping.process.main))) return;
  if (!is_broken(Mutation::keeps_the_pid_of_a_dead_main)) stopping.process.main.reset();
  // The launcher's end is not yet the daemon's, whatever was said.
  const bool is_launchers = stopping.process.is_launcher && is_success(fact.status);
  if (is_launchers && stopping.sequel == Sequel::by_exit) return;
  exit_ = is_launchers ? std::nullopt : std::optional(fact.status);
  cause_.exit = exit_;
  if (stopping.sequel == Sequel::by_exit) {
    stopping.sequel = judge_exit(fact.status, stopping.ready_since, scene);
    stopping.is_done = is_a_success(fact.status, stopping.ready_since, scene.service);
  }
  if (is_broken(Mutation::signals_a_main_that_has_ended)) {
    scene.actions.push_back(stop_signal(scene));
  }
  if (is_broken(Mutation::stopped_when_only_the_main_has_ended)) return finish(scene);
  if (stopping.phase != StopPhase::killing) kill_rest(stopping, scene);
}

void Instance::note_gone(const Event*, const Scene& scene) {
  end_run(ExitUnknown{}, scene);
  finish(scene);
}

void Instance::finish_stop(const Event*, const Scene& scene) {
  auto& stopping = std::get<Stopping>(state_);
  if (stopping.process.main) exit_ = cause_.exit = ExitUnknown{};
  if (stopping.sequel == Sequel::by_exit) stopping.sequel = judge_exit(ExitUnknown{}, stopping.ready_since, scene);
  finish(scene);
}

void Instance::note_main_pid(const Event* event, const Scene& scene) {
  const auto* stopping = std::get_if<Stopping>(&state_);
  if (stopping != nullptr && stopping->phase == StopPhase::killing) return;  // too late to matter
  Process& of_run = *process();
  const Pid pid = std::get<event::MainPid>(*event).pid;
  const bool is_new = of_run.main != pid;
  of_run.main = pid;
  of_run.is_launcher = false;
  if (is_new && stopping != nullptr && stopping->phase == StopPhase::signalled) {
    scene.actions.push_back(stop_signal(scene));
  }
}

void Instance::become_ready(const Event* event, const Scene& scene) {
  if (!std::get<Starting>(state_).spawn_unanswered) enter_ready(std::get<event::Ready>(*event).how, scene);
}

void Instance::give_up_readiness(const Event* event, const Scene& scene) {
  if (std::get<Starting>(state_).spawn_unanswered) return;
  fail_run({CauseKind::not_ready_in_time, std::get<event::NotReady>(*event).why, {}}, StopPhase::signalled, scene);
}

void Instance::extend(const Event* event, const Scene&) {
  const Instant until = std::get<event::ExtendTimeout>(*event).until;
  if (auto* starting = std::get_if<Starting>(&state_); starting != nullptr && starting->is_watched) {
    starting->ready_by = until;
  }
  auto* stopping = std::get_if<Stopping>(&state_);
  if (stopping == nullptr) return;
  if (stopping->phase == StopPhase::signalled || stopping->phase == StopPhase::leaving) stopping->by = until;
}

void Instance::feed_watchdog(const Event* event, const Scene& scene) {
  const Duration period = std::get<event::WatchdogPing>(*event).period;
  process()->watchdog_period = period;
  process()->watchdog_by = scene.now + period;
}

void Instance::note_stopping(const Event*, const Scene& scene) {
  begin_stop(Sequel::by_exit, {CauseKind::ended, "it said STOPPING=1", {}}, scene);
  auto& stopping = std::get<Stopping>(state_);
  stopping.phase = StopPhase::leaving;
  stopping.by = scene.now + scene.service.stop.timeout;
}

// -- Time --

void Instance::starting_due(const Event*, const Scene& scene) {
  const auto& starting = std::get<Starting>(state_);
  if (starting.ready_by > scene.now) return running_due(nullptr, scene);
  if (starting.is_watched) {
    const std::string text = "not ready within " + to_text(scene.service.ready.timeout);
    return fail_run({CauseKind::not_ready_in_time, text, {}}, StopPhase::signalled, scene);
  }
  enter_ready("up for " + to_text(scene.service.start_seconds), scene);
}

void Instance::running_due(const Event*, const Scene& scene) {
  const std::string text = "no WATCHDOG=1 within " + to_text(process()->watchdog_period);
  fail_run({CauseKind::watchdog, text, {}}, StopPhase::killing, scene);
}

void Instance::stopping_due(const Event*, const Scene& scene) {
  auto& stopping = std::get<Stopping>(state_);
  if (stopping.phase == StopPhase::signalled && stopping.sequel == Sequel::obey) {
    const std::string text =
        "did not end within " + to_text(scene.service.stop.timeout) + " of SIG" + scene.service.stop.signal.name();
    cause_ = {CauseKind::stop_timed_out, text, {}};
    scene.actions.push_back(action::Publish{{scene.id, State::stopping, State::stopping, run_, cause_}});
  }
  kill_rest(stopping, scene);
}

void Instance::backoff_due(const Event*, const Scene& scene) {
  ++restarts_;
  await_spawn({CauseKind::restart_due, to_string(cause_), cause_.exit}, scene);
}

void Instance::kill(const Event*, const Scene& scene) {
  if (is_alive() && state() != State::stopping) begin_stop(Sequel::obey, {CauseKind::shutdown, {}, {}}, scene);
  auto& stopping = std::get<Stopping>(state_);
  if (stopping.phase == StopPhase::spawning) {
    stopping.kill_when_spawned = true;
  } else if (stopping.phase != StopPhase::killing) {
    kill_rest(stopping, scene);
  }
}

// -- What the deeds are made of --

template <class To>
void Instance::enter(To&& to, Cause cause, const Scene& scene) {
  state_ = std::forward<To>(to);
  cause_ = clipped(std::move(cause));
  since_ = scene.now;
  publish(scene);
}

// Told only after `settle` has seen whether it can be spawned at once.
void Instance::await_spawn(Cause cause, const Scene& scene) {
  state_ = Waiting{};
  cause_ = clipped(std::move(cause));
  since_ = scene.now;
}

void Instance::publish(const Scene& scene) {
  if (announced_ == state()) return;
  scene.actions.push_back(action::Publish{{scene.id, announced_, state(), run_, cause_}});
  announced_ = state();
}

void Instance::forget_tries() {
  tries_.forget();
  restarts_ = 0;
  was_ready_ = false;
}

void Instance::begin_stop(Sequel sequel, Cause cause, const Scene& scene) {
  stop_watching(scene);
  Stopping stopping{.process = *process(), .phase = StopPhase::dependants, .sequel = sequel};
  stopping.ready_since = ready_since();
  if (const auto* starting = std::get_if<Starting>(&state_); starting != nullptr && starting->spawn_unanswered) {
    stopping.phase = StopPhase::spawning;
  }
  enter(stopping, std::move(cause), scene);
}

void Instance::signal_or_kill(Stopping& stopping, const Scene& scene) {
  if (!stopping.process.main) return kill_rest(stopping, scene);
  stopping.phase = StopPhase::signalled;
  stopping.by = scene.now + scene.service.stop.timeout;
  scene.actions.push_back(stop_signal(scene));
}

action::SendSignal Instance::stop_signal(const Scene& scene) const {
  return {scene.id, run_, scene.service.stop.signal, scene.service.stop.target};
}

void Instance::kill_rest(Stopping& stopping, const Scene& scene) {
  stopping.phase = StopPhase::killing;
  stopping.by = scene.now + kKillAgain;
  scene.actions.push_back(action::KillRest{scene.id, run_});
}

void Instance::end_run(const ExitStatus& status, const Scene& scene) {
  const auto ready = ready_since();
  exit_ = status;
  const bool success = is_a_success(status, ready, scene.service);
  const Sequel sequel = judge_exit(status, ready, scene);
  const bool too_early = is_success_of(scene.service, status) && !success;
  begin_stop(sequel, {CauseKind::ended, too_early ? "before it was ready" : "", status}, scene);
  auto& stopping = std::get<Stopping>(state_);
  stopping.phase = StopPhase::killing;
  stopping.is_done = success;
  if (!is_broken(Mutation::keeps_the_pid_of_a_dead_main)) stopping.process.main.reset();
}

void Instance::fail_run(Cause cause, StopPhase how, const Scene& scene) {
  begin_stop(judge_failure(ready_since(), scene), std::move(cause), scene);
  auto& stopping = std::get<Stopping>(state_);
  if (how == StopPhase::killing) return kill_rest(stopping, scene);
  signal_or_kill(stopping, scene);
}

Sequel Instance::judge_exit(const ExitStatus& status, std::optional<Instant> ready_since, const Scene& scene) {
  if (is_failed_start(ready_since, scene.service)) return judge_failure(ready_since, scene);
  const bool success = is_a_success(status, ready_since, scene.service);
  const RestartWhen when = scene.service.restart;
  if (when == RestartWhen::never || (when == RestartWhen::on_failure && success)) return Sequel::exited;
  const auto kind = success ? TryEnd::Kind::success : TryEnd::Kind::failure;
  return tries_.note({kind, scene.now, ready_since}, scene.service) ? Sequel::retry : Sequel::limit;
}

Sequel Instance::judge_failure(std::optional<Instant> ready_since, const Scene& scene) {
  const bool is_start = is_failed_start(ready_since, scene.service);
  if (scene.service.restart == RestartWhen::never && !is_start) return Sequel::gave_up;
  const TryEnd end{TryEnd::Kind::failure, scene.now, ready_since};
  if (tries_.note(end, scene.service)) return Sequel::retry;
  return is_start ? Sequel::no_start : Sequel::limit;
}

// Nothing of the run is alive.
void Instance::finish(const Scene& scene) {
  const Stopping ended = std::get<Stopping>(state_);
  switch (ended.sequel) {
    case Sequel::obey:
      if (!wanted_) return enter(Stopped{}, std::move(cause_), scene);
      if (cause_.kind != CauseKind::stop_timed_out) return await_spawn(std::move(cause_), scene);
      return await_spawn({CauseKind::restart_due, to_string(cause_), exit_}, scene);
    case Sequel::again:
      return await_spawn(std::move(cause_), scene);
    case Sequel::by_exit:  // judged by whoever came here
    case Sequel::retry: {
      const Duration delay = tries_.next_delay(scene.service.backoff);
      if (delay == Duration::zero()) return backoff_due(nullptr, scene);
      const bool forgotten = is_broken(Mutation::forgets_the_next_try);
      return enter(InBackoff{forgotten ? std::nullopt : std::optional(scene.now + delay)}, std::move(cause_), scene);
    }
    case Sequel::exited:
      return enter(IsExited{ended.is_done}, std::move(cause_), scene);
    case Sequel::gave_up:
      return enter(HasFailed{}, std::move(cause_), scene);
    case Sequel::limit: {
      const Limit limit = scene.service.limit.value_or(Limit{});
      const std::string text = "more than " + std::to_string(limit.count) + " failures within " +
                               to_text(limit.within) + ", the last: " + to_string(cause_);
      return enter(HasFailed{}, {CauseKind::limit_reached, text, cause_.exit}, scene);
    }
    case Sequel::no_start: {
      const std::string text = std::to_string(tries_.failed_starts()) + " failed starts in a row, the last: ";
      return enter(HasFailed{}, {CauseKind::limit_reached, text + to_string(cause_), cause_.exit}, scene);
    }
  }
}

void Instance::enter_ready(std::string how, const Scene& scene) {
  was_ready_ = true;
  enter(Running{*process(), scene.now}, {CauseKind::became_ready, std::move(how), {}}, scene);
}

void Instance::stop_watching(const Scene& scene) const {
  if (const auto* starting = std::get_if<Starting>(&state_); starting != nullptr && starting->is_watched) {
    scene.actions.push_back(action::ForgetReadiness{scene.id, run_});
  }
}

// -- Settling: what is wanted against what is --

bool Instance::settle(const Surroundings& surroundings, const Scene& scene) {
  if (state() == State::waiting) return settle_waiting(surroundings, scene);
  bool changed = false;
  const bool is_up = state() == State::starting || state() == State::running;
  if (is_up && surroundings.start == Surroundings::Start::hold) {
    begin_stop(Sequel::obey, {CauseKind::dependency, "needs " + surroundings.reason, {}}, scene);
    changed = true;
  }
  if (!is_gated() ||
      (surroundings.stop == Surroundings::Gate::closed && !is_broken(Mutation::stops_a_need_before_its_dependants))) {
    return changed;
  }
  signal_or_kill(std::get<Stopping>(state_), scene);
  return true;
}

bool Instance::settle_waiting(const Surroundings& surroundings, const Scene& scene) {
  if (surroundings.start == Surroundings::Start::go) {
    spawn(scene);
    return true;
  }
  auto& waiting = std::get<Waiting>(state_);
  const bool held = surroundings.start == Surroundings::Start::hold;
  Cause reason = clipped({CauseKind::dependency, surroundings.reason, {}});
  if (announced_ == State::waiting && waiting.held == held && cause_ == reason) return false;
  waiting.held = held;
  cause_ = std::move(reason);
  publish(scene);
  return true;
}

void Instance::spawn(const Scene& scene) {
  Cause cause = std::move(cause_);
  if (cause.kind == CauseKind::dependency && !cause.detail.starts_with("needed by ")) {
    if (cause.detail.starts_with("needs ")) cause.detail.erase(0, 6);
    cause.detail.insert(0, "no longer waits for ");
  }
  ++run_;
  scene.actions.push_back(action::Spawn{scene.id, run_});
  Starting starting;
  starting.process.is_launcher = has_launcher(scene.service);
  // One spawn after another is told too.
  if (announced_ == State::starting) {
    scene.actions.push_back(action::Publish{{scene.id, State::starting, State::starting, run_, cause}});
  }
  enter(starting, std::move(cause), scene);
}

void Instance::resume(const Scene& scene) const {
  if (const auto* starting = std::get_if<Starting>(&state_); starting != nullptr && starting->is_watched) {
    scene.actions.push_back(action::WatchReadiness{scene.id, run_});
  }
  const auto* stopping = std::get_if<Stopping>(&state_);
  if (stopping == nullptr) return;
  if (stopping->phase == StopPhase::killing) scene.actions.push_back(action::KillRest{scene.id, run_});
  if (stopping->phase == StopPhase::signalled && stopping->process.main) {
    scene.actions.push_back(stop_signal(scene));
  }
}

}  // namespace foster::core
