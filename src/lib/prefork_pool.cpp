#include "lib/prefork_pool.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include <foster/available_cpus.hpp>
#include "lib/before_fork.hpp"
#include "lib/prefork_options.hpp"
#include "lib/worker_birth.hpp"
#include "sys/clock.hpp"
#include "sys/wait.hpp"

namespace foster {
namespace {

const Signal kKill = *Signal::from_number(SIGKILL);

/// Where somebody else was quicker to wait for our child, its exit status is lost.
ExitStatus reap_child(Pid pid) {
  // It has ended, so that this waits for nothing but a debugger that is not done with it.
  const auto report = sys::await_exit(pid);
  return report ? exit_status_from_wait(report->wait_status) : ExitStatus(ExitUnknown{});
}

}  // namespace

PreforkPool::PreforkPool(PreforkOptions options, WorkerFunction work, unsigned workers, PoolListeners listeners,
                         PoolWatch watch, std::optional<sys::Credentials> credentials)
    : options_(std::move(options)),
      work_(std::move(work)),
      plan_(options_, workers),
      listeners_(std::move(listeners)),
      watch_(std::move(watch)),
      credentials_(std::move(credentials)) {
  if (options_.signals == MasterSignals::usual) blocked_.emplace(master_signals());
}

Result<std::unique_ptr<PreforkPool>> PreforkPool::start(PreforkOptions options, WorkerFunction work) {
  if (auto sound = check_options(options); !sound) return Failure(sound.error());
  if (auto alone = check_single_thread("prefork"); !alone) return Failure(alone.error());
  if (options.event_loops == EventLoops::refused) {
    if (auto without = check_no_event_loop("prefork"); !without) return Failure(without.error());
  }
  if (auto filled = fill_standard_streams(); !filled) return Failure(filled.error());
  auto credentials = find_worker_identity(options);
  if (!credentials) return Failure(credentials.error());
  const unsigned workers = options.workers ? *options.workers : available_cpus();
  auto listeners = PoolListeners::open(options.listen, options.listen_options, workers);
  if (!listeners) return Failure(listeners.error());
  auto watch = PoolWatch::make(options.signals);
  if (!watch) return Failure(watch.error());
  std::unique_ptr<PreforkPool> pool(new PreforkPool(std::move(options), std::move(work), workers, std::move(*listeners),
                                                    std::move(*watch), std::move(*credentials)));
  pool->act();
  pool->is_starting_ = false;
  if (pool->first_failure_) return Failure(*pool->first_failure_);
  return pool;
}

PreforkPool::~PreforkPool() {
  for (auto& [number, run] : runs_) (void)run.process.signal(kKill);  // ESRCH: somebody else has reaped it
  for (auto& [number, run] : runs_) {
    watch_.remove(run.process.fd());
    (void)reap_child(run.process.pid());
  }
  // They were meant for the pool, and are about to be unblocked: the default of TTIN would stop the process.
  watch_.drop_signals();
}

void PreforkPool::handle() {
  const auto news = watch_.take();
  for (const Signal signal : news.signals) obey(signal);
  // What a worker has said counts before its end.
  note_words();
  for (const RunNumber number : news.ended) reap(number);
  act();
}

void PreforkPool::wish(const std::function<void(PreforkPlan&)>& tell) {
  tell(plan_);
  act();
}

void PreforkPool::obey(Signal signal) {
  switch (signal.number()) {
    case SIGTERM:
    case SIGINT:
      return plan_.is_closing() ? plan_.kill() : plan_.stop();
    case SIGHUP:
      return plan_.restart();
    case SIGTTIN:
      return plan_.size() < kMostWorkers ? plan_.scale(plan_.size() + 1) : void();
    case SIGTTOU:
      return plan_.size() > 1 ? plan_.scale(plan_.size() - 1) : void();
    default:
      return;
  }
}

/// A callback that calls back into the pool only adds to what the loop below finds to do.
void PreforkPool::act() {
  if (std::exchange(is_acting_, true)) return;
  if (options_.heartbeat) note_words();
  while (!first_failure_) {
    const auto deed = plan_.next(sys::monotonic_now());
    if (!deed) break;
    perform(*deed);
  }
  watch_.set_time(plan_.next_look());
  is_acting_ = false;
}

void PreforkPool::perform(const PoolDeed& deed) {
  if (const auto* wanted = std::get_if<StartRun>(&deed)) return start_run(*wanted);
  if (const auto* wanted = std::get_if<SignalRun>(&deed)) {
    (void)runs_.at(wanted->run).process.signal(wanted->signal);  // ESRCH: its end is on the way to us
    return;
  }
  const auto& event = std::get<PreforkEvent>(deed);
  if (std::holds_alternative<PoolScaled>(event)) listeners_.close_from(plan_.size());
  if (options_.on_event) options_.on_event(event);
}

void PreforkPool::start_run(const StartRun& wanted) {
  auto run = make_run(wanted);
  const PoolTime now = sys::monotonic_now();
  if (!run) {
    if (is_starting_) first_failure_ = run.error();
    return plan_.not_started(wanted.run, std::move(run.error()), now);
  }
  const Pid pid = run->process.pid();
  runs_.emplace(wanted.run, std::move(*run));
  plan_.started(wanted.run, pid, now);
}

Result<PreforkPool::Run> PreforkPool::make_run(const StartRun& wanted) {
  auto listeners = listeners_.of(wanted.task);
  if (!listeners) return Failure(listeners.error());
  auto words = SharedWords::make();
  if (!words) return Failure(words.error());
  const std::function<void()> forget = [this, task = wanted.task] { forget_master(task); };
  auto process = WorkerBirth::fork({.task = wanted.task,
                                    .listeners = std::move(*listeners),
                                    .words = *words,
                                    .wake = watch_.wake(),
                                    .options = options_,
                                    .credentials = credentials_,
                                    .work = work_,
                                    .forget_master = forget});
  if (!process) return Failure(process.error());
  Run run{wanted.task, std::move(*process), std::move(*words)};
  if (auto watched = watch_.add(run.process.fd(), wanted.run); !watched) {
    (void)run.process.signal(kKill);
    (void)reap_child(run.process.pid());
    return Failure(watched.error());
  }
  return run;
}

void PreforkPool::note_words() {
  for (const auto& [number, run] : runs_) {
    if (run.words->is_ready.load()) plan_.ready(number, sys::monotonic_now());
    if (options_.heartbeat) plan_.beat(number, PoolTime(run.words->last_beat.load(std::memory_order_relaxed)));
  }
}

void PreforkPool::reap(RunNumber number) {
  const auto found = runs_.find(number);
  if (found == runs_.end()) return;
  watch_.remove(found->second.process.fd());
  const ExitStatus status = reap_child(found->second.process.pid());
  runs_.erase(found);
  plan_.ended(number, status, sys::monotonic_now());
}

/// In a worker: what is open only for the master's sake would keep pipes, sockets and watches alive.
void PreforkPool::forget_master(unsigned task) {
  watch_.close();
  runs_.clear();
  listeners_.keep_only(task);
}

}  // namespace foster
