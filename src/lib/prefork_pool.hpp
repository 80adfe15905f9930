// A pool's deeds: what prefork_plan decides is done here, and what the kernel tells is told to it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <foster/prefork.hpp>
#include "lib/pool_listeners.hpp"
#include "lib/pool_watch.hpp"
#include "lib/prefork_plan.hpp"
#include "lib/scoped_child_signal.hpp"
#include "lib/worker_words.hpp"
#include "sys/credentials.hpp"
#include "sys/pidfd.hpp"

namespace foster {

/// The whole of a `Prefork`, at an address that stays: the plan's callbacks may call back into it.
class PreforkPool {
 public:
  [[nodiscard]] static Result<std::unique_ptr<PreforkPool>> start(PreforkOptions options, WorkerFunction work);

  PreforkPool(const PreforkPool&) = delete;
  PreforkPool& operator=(const PreforkPool&) = delete;
  ~PreforkPool();

  [[nodiscard]] BorrowedFd fd() const noexcept { return watch_.fd(); }
  [[nodiscard]] const PreforkPlan& plan() const noexcept { return plan_; }
  [[nodiscard]] std::vector<std::string> addresses() const { return listeners_.addresses(); }

  void handle();

  /// Tells the plan of a wish, and does what follows.
  void wish(const std::function<void(PreforkPlan&)>& tell);

 private:
  /// A worker from the master's side.
  struct Run {
    unsigned task;
    sys::ProcessHandle process;
    SharedWords words;
  };

  PreforkPool(PreforkOptions options, WorkerFunction work, unsigned workers, PoolListeners listeners, PoolWatch watch,
              std::optional<sys::Credentials> credentials);

  void act();
  void perform(const PoolDeed& deed);
  void start_run(const StartRun& wanted);
  [[nodiscard]] Result<Run> make_run(const StartRun& wanted);
  void obey(Signal signal);
  void note_words();
  void reap(RunNumber number);
  void forget_master(unsigned task);

  PreforkOptions options_;
  WorkerFunction work_;
  PreforkPlan plan_;
  PoolListeners listeners_;
  PoolWatch watch_;
  std::optional<sys::Credentials> credentials_;
  std::optional<sys::ScopedSignalMask> blocked_;
  ScopedChildSignal child_signal_;
  std::map<RunNumber, Run> runs_;
  std::optional<Error> first_failure_;  ///< Of a start while the pool itself starts.
  bool is_starting_ = true;
  bool is_acting_ = false;
};

}  // namespace foster
