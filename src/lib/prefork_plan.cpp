#include "lib/prefork_plan.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace foster {
namespace {

const Signal kKill = *Signal::from_number(SIGKILL);

bool has_exited_with(const ExitStatus& status, std::optional<int> code) {
  const auto* exited = std::get_if<Exited>(&status);
  return exited != nullptr && code && exited->code == *code;
}

void keep_earlier(std::optional<PoolTime>& earliest, std::optional<PoolTime> other) {
  if (other && (!earliest || *other < *earliest)) earliest = other;
}

}  // namespace

PreforkPlan::PreforkPlan(const PreforkOptions& options, unsigned workers)
    : options_(options), size_(workers), tasks_(workers), restarts_(options) {}

std::optional<PoolDeed> PreforkPlan::next(PoolTime now) {
  // News first: a callback hears of an end before its consequences are seen.
  if (!news_.empty()) {
    PoolDeed deed = std::move(news_.front());
    news_.pop_front();
    return deed;
  }
  if (auto deed = next_ending(now)) return deed;
  if (closing_ != Closing::no) return std::nullopt;
  if (auto deed = next_start(now)) return deed;
  return next_replacement();
}

/// A run that has to end is told so, or killed when its patience is over.
std::optional<PoolDeed> PreforkPlan::next_ending(PoolTime now) {
  for (auto& [number, run] : runs_) {
    if (!run.pid) continue;
    if (const auto cause = reason_to_end(number, run, now)) return end_run(number, run, *cause, now);
    if (run.ending && !run.ending->is_killed && (run.ending->kill_at <= now || closing_ == Closing::killing)) {
      run.ending->is_killed = true;
      tell(WorkerSignalled{run.task, *run.pid, kKill, run.ending->cause});
      return SignalRun{number, kKill};
    }
  }
  return std::nullopt;
}

std::optional<EndCause> PreforkPlan::reason_to_end(RunNumber number, Run& run, PoolTime now) const {
  if (run.ending) return std::nullopt;
  if (!is_wanted(number, run)) return EndCause::asked;
  if (!counts_as_up(run) && run.started_at + *options_.ready_within <= now) return EndCause::never_ready;
  if (is_late(run, now)) return EndCause::hung;
  return std::nullopt;
}

bool PreforkPlan::is_wanted(RunNumber number, const Run& run) const {
  if (closing_ != Closing::no || run.task >= size_) return false;
  const Task& task = tasks_.at(run.task);
  return task.current == number || task.replacement == number;
}

/// A master that was stopped for a while finds everybody late, and those that were stopped with it had no chance to
/// beat. So it takes two looks, with a quarter of the heartbeat between them.
bool PreforkPlan::is_late(Run& run, PoolTime now) const {
  if (!beats_count(run) || now < run.last_beat + *options_.heartbeat) {
    run.seen_late.reset();
    return false;
  }
  if (!run.seen_late) run.seen_late = now;
  return now >= *run.seen_late + *options_.heartbeat / 4;
}

PoolDeed PreforkPlan::end_run(RunNumber number, Run& run, EndCause cause, PoolTime now) {
  const StopPlan& plan = cause == EndCause::asked ? options_.stop : options_.unresponsive;
  const bool at_once = plan.patience.count() <= 0 || closing_ == Closing::killing;
  const Signal signal = at_once ? kKill : plan.signal;
  run.ending = Ending{.cause = cause, .kill_at = now + plan.patience, .is_killed = signal == kKill};
  tell(WorkerSignalled{run.task, *run.pid, signal, cause});
  return SignalRun{number, signal};
}

std::optional<PoolDeed> PreforkPlan::next_start(PoolTime now) {
  for (unsigned number = 0; number < size_; ++number) {
    Task& task = tasks_[number];
    if (!task.current && !task.is_finished && task.next_start <= now) return start_run(number, task.current);
  }
  return std::nullopt;
}

/// One replacement at a time, for the lowest task that still has an old run.
std::optional<PoolDeed> PreforkPlan::next_replacement() {
  if (!is_restarting_) return std::nullopt;
  if (std::ranges::any_of(tasks_, [](const Task& task) { return task.replacement.has_value(); })) return std::nullopt;
  bool is_complete = true;
  for (unsigned number = 0; number < size_; ++number) {
    Task& task = tasks_[number];
    if (!task.current || runs_.at(*task.current).generation == generation_) continue;
    is_complete = false;
    // One that hangs is replaced when it has ended, and by a new one anyway.
    if (!runs_.at(*task.current).ending) return start_run(number, task.replacement);
  }
  if (!is_complete) return std::nullopt;
  is_restarting_ = false;
  return PreforkEvent(RestartDone{});
}

PoolDeed PreforkPlan::start_run(unsigned task, std::optional<RunNumber>& place) {
  const RunNumber number = ++last_run_;
  place = number;
  runs_.emplace(number, Run{.task = task, .generation = generation_});
  return StartRun{number, task};
}

void PreforkPlan::started(RunNumber number, Pid pid, PoolTime now) {
  Run& run = runs_.at(number);
  run.pid = pid;
  run.started_at = now;
  run.last_beat = now;
  tell(WorkerStarted{run.task, pid});
  if (!options_.ready_within) up(number, run);
}

void PreforkPlan::not_started(RunNumber number, Error error, PoolTime now) {
  const unsigned task_id = runs_.at(number).task;
  runs_.erase(number);
  Task& task = tasks_.at(task_id);
  if (task.replacement == number) {
    task.replacement.reset();
    tell(WorkerNotStarted{task_id, std::move(error), {}});
    return abandon_restart(task_id);
  }
  task.current.reset();
  const auto delay = task.short_runs.note_no_start(options_.brake);
  task.next_start = now + delay;
  tell(WorkerNotStarted{task_id, std::move(error), delay});
}

void PreforkPlan::ready(RunNumber number, PoolTime now) {
  const auto found = runs_.find(number);
  if (found == runs_.end() || found->second.is_ready) return;
  Run& run = found->second;
  run.last_beat = std::max(run.last_beat, now);
  if (options_.ready_within) tell(WorkerReady{run.task, *run.pid});
  up(number, run);
}

/// A replacement that is up takes over; what it replaces is no longer wanted.
void PreforkPlan::up(RunNumber number, Run& run) {
  run.is_ready = true;
  Task& task = tasks_.at(run.task);
  if (task.replacement != number || run.ending) return;
  task.current = std::exchange(task.replacement, std::nullopt);
}

void PreforkPlan::beat(RunNumber number, PoolTime when) {
  const auto found = runs_.find(number);
  if (found != runs_.end()) found->second.last_beat = std::max(found->second.last_beat, when);
}

void PreforkPlan::ended(RunNumber number, const ExitStatus& status, PoolTime now) {
  const auto found = runs_.find(number);
  if (found == runs_.end()) return;
  const Run run = found->second;
  runs_.erase(found);
  const EndCause cause = run.ending ? run.ending->cause : EndCause::itself;
  Task& task = tasks_.at(run.task);
  const bool was_replacement = task.replacement == number;
  if (was_replacement) task.replacement.reset();
  if (task.current != number || cause == EndCause::asked) {
    if (task.current == number) task.current.reset();
    tell(WorkerEnded{run.task, *run.pid, status, cause, AfterEnd::nothing, {}});
    if (was_replacement && cause != EndCause::asked) abandon_restart(run.task);
    return;
  }
  task.current.reset();
  const WorkerEnded event = after_end(task, run, status, now);
  tell(event);
}

WorkerEnded PreforkPlan::after_end(Task& task, const Run& run, const ExitStatus& status, PoolTime now) {
  WorkerEnded event{run.task, *run.pid, status, EndCause::itself, AfterEnd::nothing, {}};
  if (run.ending) event.cause = run.ending->cause;
  const bool ended_by_itself = event.cause == EndCause::itself;
  const bool wants_replacement = ended_by_itself && has_exited_with(status, options_.replace_code);
  const bool is_normal = ended_by_itself && is_success(status);
  if (closing_ != Closing::no) return event;
  if (is_normal && options_.restart_on == RestartOn::failure) {
    task.is_finished = true;
    task.replacement.reset();  // not wanted any more
    event.next = AfterEnd::finished;
    return event;
  }
  if (ended_by_itself && has_exited_with(status, options_.give_up_code)) {
    event.next = AfterEnd::give_up;
    give_up("a worker gave up", event);
    return event;
  }
  if (task.replacement) {
    // It is on its way already, and nothing has to be waited for.
    task.current = std::exchange(task.replacement, std::nullopt);
    return event;
  }
  const bool failed = !is_normal && !wants_replacement;
  if (failed && !restarts_.note(now)) {
    event.next = AfterEnd::give_up;
    give_up("too many restarts", event);
    return event;
  }
  event.next = AfterEnd::restart;
  event.delay = task.short_runs.note({.length = now - run.started_at, .was_ready = counts_as_up(run), .failed = failed},
                                     options_.brake);
  task.next_start = now + event.delay;
  return event;
}

void PreforkPlan::give_up(const std::string& why, const WorkerEnded& last) {
  error_ = Error{"prefork", 0, why + ", the last was " + to_string(PreforkEvent(last))};
  stop();
}

void PreforkPlan::abandon_restart(unsigned task) {
  if (!is_restarting_) return;
  is_restarting_ = false;
  tell(RestartAbandoned{task});
}

void PreforkPlan::stop() {
  if (closing_ == Closing::no) closing_ = Closing::stopping;
  is_restarting_ = false;
}

void PreforkPlan::kill() {
  closing_ = Closing::killing;
  is_restarting_ = false;
}

void PreforkPlan::restart() {
  if (closing_ != Closing::no) return;
  ++generation_;
  is_restarting_ = true;
  tell(RestartBegun{});
  for (Task& task : tasks_) {
    // Whoever restarts has mended something: what waits for its next try need not wait longer.
    task.short_runs.forget();
    task.next_start = {};
    // One that is on its way is of the generation before, and no longer wanted.
    task.replacement.reset();
  }
}

void PreforkPlan::scale(unsigned workers) {
  assert(workers > 0);
  if (closing_ != Closing::no || workers == size_) return;
  tell(PoolScaled{size_, workers});
  tasks_.resize(std::max<std::size_t>(tasks_.size(), workers));
  // A task that was there before begins anew: its last run may still be ending, and is not wanted back.
  for (unsigned task = size_; task < workers; ++task) tasks_[task] = Task{};
  size_ = workers;
}

std::optional<PoolTime> PreforkPlan::next_look() const {
  std::optional<PoolTime> earliest;
  for (const auto& [number, run] : runs_) keep_earlier(earliest, next_look_at(run));
  if (closing_ != Closing::no) return earliest;
  for (unsigned number = 0; number < size_; ++number) {
    const Task& task = tasks_[number];
    if (!task.current && !task.is_finished) keep_earlier(earliest, task.next_start);
  }
  return earliest;
}

std::optional<PoolTime> PreforkPlan::next_look_at(const Run& run) const {
  if (run.ending) return run.ending->is_killed ? std::nullopt : std::optional(run.ending->kill_at);
  if (!counts_as_up(run)) return run.started_at + *options_.ready_within;
  if (!beats_count(run)) return std::nullopt;
  return run.seen_late ? *run.seen_late + *options_.heartbeat / 4 : run.last_beat + *options_.heartbeat;
}

bool PreforkPlan::is_done() const noexcept {
  if (!runs_.empty() || !news_.empty()) return false;
  return closing_ != Closing::no ||
         std::all_of(tasks_.begin(), tasks_.begin() + size_, [](const Task& task) { return task.is_finished; });
}

Result<PreforkReport> PreforkPlan::result() const {
  if (error_ && is_done()) return Failure(*error_);
  if (!is_done()) return failure("prefork", EBUSY, "the pool is running");
  const auto end = closing_ == Closing::no ? PreforkReport::End::finished : PreforkReport::End::stopped;
  return PreforkReport{.end = end, .restarts = restarts_.granted()};
}

std::vector<WorkerInfo> PreforkPlan::workers() const {
  using State = WorkerInfo::State;
  std::vector<WorkerInfo> all;
  for (const auto& [number, run] : runs_) {
    if (!run.pid) continue;
    const State up = counts_as_up(run) ? State::ready : State::starting;
    all.push_back({.task = run.task, .pid = *run.pid, .state = run.ending ? State::stopping : up});
  }
  std::ranges::stable_sort(all, {}, &WorkerInfo::task);
  return all;
}

}  // namespace foster
