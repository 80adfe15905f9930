// An instance as plain bytes, and back.
#include <algorithm>
#include <cstring>
#include <span>

#include "core/mutation.hpp"
#include "core/step.hpp"

namespace foster::core {
namespace {

// Of InstanceRecord::flags. The numbers are stored; the fleet's own is kFleetIsShuttingDown in record.hpp.
enum Flag : std::uint8_t {
  removed = 1U << 0U,
  launcher = 1U << 1U,
  was_ready = 1U << 2U,
  kill_when_spawned = 1U << 3U,
  done = 1U << 4U,
  cause_has_exit = 1U << 6U,
};

std::int64_t to_number(Instant instant) {
  return instant.time_since_epoch().count();
}
std::int64_t to_number(std::optional<Instant> instant) {
  return instant ? to_number(*instant) : 0;
}
Instant to_instant(std::int64_t number) {
  return Instant(Duration(number));
}
std::optional<Instant> to_optional_instant(std::int64_t number) {
  return number == 0 ? std::nullopt : std::optional(to_instant(number));
}

template <std::size_t Size>
void store_text(char (&to)[Size], std::string_view text) {
  (void)text.copy(to, Size - 1);
}

template <std::size_t Size>
std::string load_text(const char (&from)[Size]) {
  return {from, strnlen(from, Size - 1)};
}

enum ExitKind : std::uint8_t { no_exit = 0, wait_status = 1, unknown = 2 };

void store_exit(InstanceRecord& record, const std::optional<ExitStatus>& exit) {
  if (!exit) return;
  record.exit_kind = ExitKind::wait_status;
  if (const auto* exited = std::get_if<Exited>(&*exit)) {
    record.exit_status = exited->code << 8;
  } else if (const auto* killed = std::get_if<Killed>(&*exit)) {
    record.exit_status = killed->signal.number() | (killed->core_dumped ? 0x80 : 0);
  } else {
    record.exit_kind = ExitKind::unknown;
  }
}

std::optional<ExitStatus> load_exit(const InstanceRecord& record) {
  if (record.exit_kind == ExitKind::no_exit) return std::nullopt;
  if (record.exit_kind == ExitKind::wait_status) return exit_status_from_wait(record.exit_status);
  return ExitUnknown{};
}

}  // namespace

struct RecordCodec {
  using I = Instance;

  static void store_process(InstanceRecord& record, const I::Process& process) {
    record.main_pid = process.main ? process.main->number() : 0;
    if (process.is_launcher) record.flags |= Flag::launcher;
    record.watchdog_period = process.watchdog_period.count();
    record.watchdog_deadline = process.watchdog_period > Duration::zero() ? to_number(process.watchdog_by) : 0;
  }

  static I::Process load_process(const InstanceRecord& record) {
    I::Process process;
    if (record.main_pid > 0) process.main = Pid(record.main_pid);
    process.is_launcher = (record.flags & Flag::launcher) != 0;
    process.watchdog_period = Duration(record.watchdog_period);
    process.watchdog_by = to_instant(record.watchdog_deadline);
    return process;
  }

  // Starting: 0 unanswered, 1 answered, 2 answered and watched. Stopping: the phase, and the sequel four bits up.
  static void store_state(InstanceRecord& record, const I& instance) {
    if (const auto* waiting = std::get_if<I::Waiting>(&instance.state_)) record.phase = waiting->held ? 1 : 0;
    if (const auto* exited = std::get_if<I::IsExited>(&instance.state_); exited != nullptr && exited->is_done) {
      record.flags |= Flag::done;
    }
    if (const auto* starting = std::get_if<I::Starting>(&instance.state_)) {
      record.phase = starting->spawn_unanswered ? 0 : starting->is_watched ? 2 : 1;
    }
    const auto* stopping = std::get_if<I::Stopping>(&instance.state_);
    if (stopping == nullptr) return;
    record.phase = static_cast<std::uint8_t>(static_cast<unsigned>(stopping->phase) |
                                             (static_cast<unsigned>(stopping->sequel) << 4U));
    if (stopping->kill_when_spawned) record.flags |= Flag::kill_when_spawned;
    if (stopping->is_done) record.flags |= Flag::done;
    record.ready_since = to_number(stopping->ready_since);
  }

  static I::Alternatives load_state(const InstanceRecord& record) {
    const auto deadline = to_optional_instant(record.deadline);
    switch (static_cast<State>(record.state)) {
      case State::stopped:
        return I::Stopped{};
      case State::waiting:
        return I::Waiting{record.phase == 1};
      case State::starting:
        return I::Starting{load_process(record), record.phase == 0, record.phase == 2, deadline.value_or(Instant{})};
      case State::running:
        return I::Running{load_process(record), to_instant(record.ready_since)};
      case State::backoff:
        return I::InBackoff{deadline};
      case State::exited:
        return I::IsExited{(record.flags & Flag::done) != 0};
      case State::failed:
        return I::HasFailed{};
      case State::stopping:
        break;
    }
    I::Stopping stopping{.process = load_process(record),
                         .phase = static_cast<StopPhase>(record.phase & 0xFU),
                         .sequel = static_cast<Sequel>(record.phase >> 4U)};
    stopping.kill_when_spawned = (record.flags & Flag::kill_when_spawned) != 0;
    stopping.is_done = (record.flags & Flag::done) != 0;
    stopping.by = deadline;
    stopping.ready_since = to_optional_instant(record.ready_since);
    return stopping;
  }
};

InstanceRecord Instance::record(std::string_view service) const {
  InstanceRecord record{};
  store_text(record.service, service);
  record.index = index_;
  record.state = static_cast<std::uint8_t>(state());
  record.wanted = wanted_ && !is_broken(Mutation::does_not_record_the_wish) ? 1 : 0;
  record.cause_kind = static_cast<std::uint8_t>(cause_.kind);
  record.run = run_;
  record.restarts = restarts_;
  record.attempt = tries_.rung();
  record.jitter_seed = tries_.jitter_seed();
  record.failure_count = static_cast<std::uint32_t>(tries_.failures().size());
  for (std::size_t n = 0; n < tries_.failures().size(); ++n) record.failures[n] = to_number(tries_.failures()[n]);
  if (removed_) record.flags |= Flag::removed;
  if (was_ready_) record.flags |= Flag::was_ready;
  if (cause_.exit) record.flags |= Flag::cause_has_exit;
  store_exit(record, exit_);
  record.since = to_number(since_);
  record.deadline = to_number(deadline());
  record.ready_since = to_number(ready_since());
  store_text(record.cause_detail, cause_.detail);
  if (const Process* of_run = process()) RecordCodec::store_process(record, *of_run);
  RecordCodec::store_state(record, *this);
  return record;
}

Instance Instance::from_record(const InstanceRecord& record) {
  Instance instance;
  instance.state_ = RecordCodec::load_state(record);
  instance.announced_ = instance.state();
  instance.exit_ = load_exit(record);
  instance.cause_.kind = static_cast<CauseKind>(record.cause_kind);
  instance.cause_.detail = load_text(record.cause_detail);
  if ((record.flags & Flag::cause_has_exit) != 0) instance.cause_.exit = instance.exit_;
  std::vector<Instant> failures;
  for (const std::int64_t failure :
       std::span(record.failures).first(std::min<std::size_t>(record.failure_count, kMaxFailures))) {
    failures.push_back(to_instant(failure));
  }
  instance.tries_ = Tries(record.jitter_seed, record.attempt, std::move(failures));
  instance.since_ = to_instant(record.since);
  instance.run_ = record.run;
  instance.index_ = record.index;
  instance.restarts_ = record.restarts;
  instance.wanted_ = record.wanted != 0;
  instance.removed_ = (record.flags & Flag::removed) != 0;
  instance.was_ready_ = (record.flags & Flag::was_ready) != 0;
  return instance;
}

}  // namespace foster::core
