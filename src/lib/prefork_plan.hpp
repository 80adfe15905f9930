// What a pool of workers does, as a decision without a deed: facts and wishes go in, starts, signals and news come out.
// The deeds are prefork_pool's. The time is always told.
//
// A task is a place in the pool, 0 to N - 1; a run is one process, numbered from 1. A task has a current run, in a
// rolling restart also a replacement; a run that was asked to end belongs to no task any more, unless the task waits
// for its end, as that of a run that hangs. Nothing is decided by remembering what was meant: each time `next` looks
// at the pool as it is, and says the first thing that is not as it should be.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <foster/prefork.hpp>
#include "lib/restart_count.hpp"

namespace foster {

using RunNumber = std::uint64_t;

/// Fork a worker; the answer is `started` or `not_started`.
struct StartRun {
  RunNumber run;
  unsigned task;
};
/// Send this run a signal.
struct SignalRun {
  RunNumber run;
  Signal signal;
};
using PoolDeed = std::variant<StartRun, SignalRun, PreforkEvent>;

class PreforkPlan {
 public:
  PreforkPlan(const PreforkOptions& options, unsigned workers);

  /// The first thing to do now; empty when all is as it should be until `next_look` or the next fact.
  [[nodiscard]] std::optional<PoolDeed> next(PoolTime now);
  /// When to ask again without a fact.
  [[nodiscard]] std::optional<PoolTime> next_look() const;

  // Facts.
  void started(RunNumber run, Pid pid, PoolTime now);
  void not_started(RunNumber run, Error error, PoolTime now);
  void ready(RunNumber run, PoolTime now);
  void beat(RunNumber run, PoolTime when);
  void ended(RunNumber run, const ExitStatus& status, PoolTime now);

  // Wishes.
  void stop();
  void kill();
  void restart();
  void scale(unsigned workers);

  [[nodiscard]] bool is_done() const noexcept;
  [[nodiscard]] Result<PreforkReport> result() const;
  [[nodiscard]] unsigned size() const noexcept { return size_; }
  [[nodiscard]] bool is_closing() const noexcept { return closing_ != Closing::no; }
  [[nodiscard]] std::vector<WorkerInfo> workers() const;

 private:
  /// A run that has been told to end.
  struct Ending {
    EndCause cause;
    PoolTime kill_at;
    bool is_killed = false;
  };
  struct Run {
    unsigned task;
    std::uint64_t generation;
    std::optional<Pid> pid = {};  ///< Empty: not forked yet.
    PoolTime started_at = {};
    bool is_ready = false;
    PoolTime last_beat = {};
    std::optional<PoolTime> seen_late = {};  ///< When a look first found its heartbeat overdue.
    std::optional<Ending> ending = {};
  };
  struct Task {
    std::optional<RunNumber> current = {};
    std::optional<RunNumber> replacement = {};
    ShortRuns short_runs = {};
    PoolTime next_start = {};
    bool is_finished = false;
  };

  std::optional<PoolDeed> next_ending(PoolTime now);
  std::optional<PoolDeed> next_start(PoolTime now);
  std::optional<PoolDeed> next_replacement();
  PoolDeed end_run(RunNumber number, Run& run, EndCause cause, PoolTime now);
  PoolDeed start_run(unsigned task, std::optional<RunNumber>& place);
  [[nodiscard]] std::optional<EndCause> reason_to_end(RunNumber number, Run& run, PoolTime now) const;
  [[nodiscard]] bool is_wanted(RunNumber number, const Run& run) const;
  [[nodiscard]] bool is_late(Run& run, PoolTime now) const;
  [[nodiscard]] bool beats_count(const Run& run) const { return options_.heartbeat && counts_as_up(run); }
  /// Ready, or one of those that nobody waits for.
  [[nodiscard]] bool counts_as_up(const Run& run) const { return run.is_ready || !options_.ready_within; }
  [[nodiscard]] std::optional<PoolTime> next_look_at(const Run& run) const;
  void up(RunNumber number, Run& run);
  void abandon_restart(unsigned task);
  WorkerEnded after_end(Task& task, const Run& run, const ExitStatus& status, PoolTime now);
  void give_up(const std::string& why, const WorkerEnded& last);
  void tell(PreforkEvent event) { news_.push_back(std::move(event)); }

  PreforkOptions options_;
  unsigned size_;
  std::vector<Task> tasks_;  ///< Never fewer than `size_`; those above have been scaled away.
  std::map<RunNumber, Run> runs_;
  RunNumber last_run_ = 0;
  std::uint64_t generation_ = 1;
  bool is_restarting_ = false;
  enum class Closing : std::uint8_t { no, stopping, killing } closing_ = Closing::no;
  RestartCount restarts_;
  std::optional<Error> error_;
  std::deque<PreforkEvent> news_;
};

}  // namespace foster
