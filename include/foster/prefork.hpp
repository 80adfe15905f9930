// Preforking: N processes that are copies of this one share the work, are kept alive, and go when it goes.
// The worker's own side is foster/prefork_worker.hpp, what a log is told foster/prefork_event.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <foster/daemonize.hpp>
#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/listen.hpp>
#include <foster/prefork_event.hpp>
#include <foster/prefork_worker.hpp>
#include <foster/result.hpp>
#include <foster/stop_plan.hpp>

namespace foster {

/// Which workers are started anew.
enum class RestartOn : std::uint8_t {
  failure,     ///< Exit code 0 means that the task is done.
  every_exit,  ///< The pool is a server: whatever the exit code, there are to be N workers.
};

/// What the pool does about signals to the master.
enum class MasterSignals : std::uint8_t {
  /// TERM and INT stop the pool, a second one at once; HUP restarts it, one worker after the other; TTIN and TTOU make
  /// it larger or smaller by one. They are blocked in the calling thread as long as the pool lives.
  usual,
  none,  ///< The caller calls `stop`, `restart` and `scale`.
};

/// What to do about an epoll or io_uring descriptor that is open before the first fork. It would be one and the same
/// in all processes: what one worker registers or takes, the others see and miss.
enum class EventLoops : std::uint8_t {
  refused,
  allowed,  ///< For a master with a loop of its own; a worker closes its copy and never uses it.
};

/// The exit code by which a worker asks for its own replacement: "I have served enough requests". Planned, and
/// therefore no failure. No shell, sysexits(3) or LSB script means anything by it.
inline constexpr int kReplaceMe = 79;

/// The brake on restarts. The first after a healthy run is immediate; while runs of a task stay short, each waits
/// twice as long as the one before.
struct RestartBrake {
  /// Before the second restart in a row.
  std::chrono::milliseconds initial = std::chrono::milliseconds(100);
  /// No wait is longer.
  std::chrono::milliseconds max = std::chrono::seconds(5);
  /// A run this long that was ready belongs to no row.
  std::chrono::milliseconds healthy_after = std::chrono::seconds(1);
  friend bool operator==(const RestartBrake&, const RestartBrake&) = default;
};

/// Everything about a pool. The defaults are Tornado's `fork_processes`: a worker that fails is restarted, 100 times
/// in all; one that exits with 0 is done.
struct PreforkOptions {
  /// Empty: one for each of `available_cpus`.
  std::optional<unsigned> workers = {};
  /// Addresses that the master listens on for its workers, in the words of `listen_on`. The sockets stay open in the
  /// master: connections wait while a worker is replaced. With `PortSharing::reuse_port` each task has its own.
  std::vector<std::string> listen = {};
  ListenOptions listen_options = {};

  RestartOn restart_on = RestartOn::failure;
  /// How many restarts after a failure are too many, over all tasks; empty: any number is fine.
  std::optional<unsigned> max_restarts = 100;
  /// Only failures this recent count; empty: all of them, for as long as the pool lives.
  std::optional<std::chrono::milliseconds> restart_window = {};
  RestartBrake brake = {};
  /// An exit with this code is no failure: the worker wants to be replaced. It is braked all the same.
  int replace_code = kReplaceMe;
  /// A worker that exits with this code knows that starting it again would be of no use: the pool ends.
  std::optional<int> give_up_code = {};

  /// How long a worker may take to say `Worker::ready`; empty: it is ready as soon as it runs.
  std::optional<std::chrono::milliseconds> ready_within = {};
  /// A worker that gives no sign of life for this long, and a quarter of it as grace, is replaced. Empty: nobody
  /// looks, and nobody wakes up to look. It counts from `Worker::ready` on where that is waited for.
  std::optional<std::chrono::milliseconds> heartbeat = {};

  /// How workers are asked to finish: `Worker::should_stop`.
  StopPlan stop = {};
  /// How a worker is ended that hangs or does not become ready. SIGABRT leaves a core to look at.
  StopPlan unresponsive = {.signal = *Signal::from_number(SIGABRT), .patience = std::chrono::seconds(5)};

  /// Whom the workers become; looked up before the first fork.
  std::optional<UserAndGroup> identity = {};
  /// Called in the master, from within the calls that take a pool further. It must not throw.
  std::function<void(const PreforkEvent&)> on_event = {};
  /// Called in each new worker, for generators of the program's own. Those of the C library (`rand`, `random`,
  /// `drand48`) have been seeded anew by then.
  std::function<void(const WorkerSeed&)> reseed = {};

  MasterSignals signals = MasterSignals::usual;
  EventLoops event_loops = EventLoops::refused;
};

/// How a pool ended that has nothing to complain about.
struct PreforkReport {
  /// The two good ends.
  enum class End : std::uint8_t {
    finished,  ///< All tasks were done.
    stopped,   ///< Somebody asked for it.
  };
  End end = End::finished;
  unsigned restarts = 0;  ///< After failures.
  friend bool operator==(const PreforkReport&, const PreforkReport&) = default;
};

/// What a worker does. It runs in a process of its own, which ends with the returned value as its exit code.
///
/// When it returns, the standard streams are flushed and the process ends by _exit(2): what the program has registered
/// with atexit, and destructors of its static objects, belong to the master and must not run N times over. An
/// exception that leaves the function is std::terminate, and so an end by SIGABRT.
///
/// It starts with no signal blocked. Handlers the program has installed are gone (those for faults, such as SIGSEGV,
/// stay), signals it ignores stay ignored, and those the pool uses are at their default.
using WorkerFunction = std::function<int(Worker&)>;

/// A worker as the master knows it.
struct WorkerInfo {
  /// What can be said of a living worker.
  enum class State : std::uint8_t { starting, ready, stopping };
  unsigned task;
  Pid pid;
  State state;
  friend bool operator==(const WorkerInfo&, const WorkerInfo&) = default;
};

/// A pool for a program with a loop of its own: poll `fd`, call `handle`. Destroying it kills what is left of it.
///
/// No worker outlives the master, however that ends: the kernel kills them (PR_SET_PDEATHSIG). The tie is to the
/// thread that makes them, so a pool stays in the thread that started it, and this is the one that ends last.
/// Only the pool's own children are waited for, through pidfds; SIGCHLD is left alone, but not ignored: where it was,
/// it is set to its default as long as the pool lives, or the kernel would throw the exit statuses away.
///
/// @threads One, and no other may be running when a worker is forked: a copy of a process has one thread only, and
///          the locks the others held are held for ever. A restart that finds one is put off (`WorkerNotStarted`).
class Prefork {
 public:
  /// Forks the workers. A standard stream that is closed becomes /dev/null first: a socket would take its number.
  ///
  /// @return  In the master only. A worker runs `work` and ends.
  /// @errors  With nothing left behind: `EBUSY` several threads are running, or an event loop is there already;
  ///          `EINVAL` unusable options; what `listen_on` says; code 0 an unknown user; `EPERM` the workers cannot
  ///          become another user; `EAGAIN` no process to be had, `EMFILE`, `ENOMEM`.
  /// @fork    A worker has a copy of everything. The pool's own descriptors are closed in it; others are its own to
  ///          close.
  [[nodiscard]] static Result<Prefork> start(PreforkOptions options, WorkerFunction work);

  Prefork(Prefork&&) noexcept;
  Prefork& operator=(Prefork&&) noexcept;
  ~Prefork();

  /// Readable when `handle` has something to do. Stays the same for the life of the pool.
  [[nodiscard]] BorrowedFd fd() const noexcept;

  /// Does what is due: reaps, restarts, escalates, and calls `PreforkOptions::on_event`. Does not block, and at rest
  /// there is nothing to handle.
  void handle();

  /// Nothing runs any more, and `result` tells how it came to that.
  [[nodiscard]] bool is_done() const noexcept;

  /// How it ended.
  /// @errors Step "prefork", code 0: too many restarts, or a worker gave up; `Error::detail` tells of the last one.
  ///         `EBUSY` it has not ended yet.
  [[nodiscard]] Result<PreforkReport> result() const;

  /// Asks all workers to finish, and kills those that are still there after the plan's patience. Only the first call
  /// counts.
  void stop();

  /// SIGKILL to all workers, now.
  void kill();

  /// Replaces all workers by new ones, one task after the other: the new one first, and when it is ready the old one
  /// is asked to finish. A replacement that fails before it is ready ends the restart, and the old ones go on. Called
  /// again meanwhile it begins anew.
  void restart();

  /// Changes the number of workers. New ones get the next task ids; the highest ids are the ones that go.
  /// @errors `EINVAL` 0, which would be `stop`, or more than 10,000.
  [[nodiscard]] Result<> scale(unsigned workers);

  /// How many there are to be.
  [[nodiscard]] unsigned size() const noexcept;

  /// Those that live, by task id.
  [[nodiscard]] std::vector<WorkerInfo> workers() const;

  /// Where the master listens, in the order of `PreforkOptions::listen`.
  [[nodiscard]] std::vector<std::string> addresses() const;

  /// Handles until it is done.
  /// @errors As `result`.
  /// @blocks Until then.
  [[nodiscard]] Result<PreforkReport> wait();

 private:
  friend class PreforkPool;
  explicit Prefork(std::unique_ptr<class PreforkPool> pool) noexcept;

  std::unique_ptr<class PreforkPool> pool_;
};

/// Runs a pool from its start to its end: `Prefork::start` and `Prefork::wait`.
///
/// @return  In the master only, when every task is done or the pool was stopped.
/// @errors  As `Prefork::start` and `Prefork::result`.
/// @blocks  As long as the pool lives.
/// @example examples/prefork.cpp
[[nodiscard]] Result<PreforkReport> prefork(PreforkOptions options, WorkerFunction work);

}  // namespace foster
