// THE state machine: what one instance is, and what it does when something happens. Nothing else in foster may
// change a state. Who may include this: the fleet and the tests. Looking for all instances? core/fleet.hpp
//
// Wanted and actual. `wanted` is what a person or the config asked for; the state is what is. A wish only changes
// `wanted` and, where it can be seen at once, the state; what follows is settled by comparing the two. So nothing
// is ever remembered as "to do later": the same comparison, made again, comes to the same deed.
//
// The states, and what may be alive in each:
//
//   stopped   Nothing runs, nothing is wanted.
//   waiting   Wanted, and spawned as soon as the surroundings allow: every need ready, nobody it comes after still on
//             the way up. The cause names what it waits for. Held: what it needs is down, and nobody knows for how
//             long.
//   starting  A run was begun. First its Spawn is unanswered, then it is watched until it is ready.
//   running   Ready.
//   stopping  On the way to the end of a run, whoever brought it about. Phases: the Spawn is still unanswered; what
//             needs it is going first; the stop signal is sent; the rest is being killed. The main process's end is not
//             the run's: whatever it left behind is killed, and only when the world says that nothing is alive (Gone)
//             does the state change. So a next run can never meet the last one.
//   backoff   Ended by itself, the next try is at a known time.
//   exited    Ended by itself, and is not to be restarted. Done: as it should have.
//   failed    Gave up. The cause is kept until a person or a changed definition starts it again.
//
// What follows a run is decided when its end begins (the sequel) and done when nothing of it is alive:
//
//   obey      Somebody ordered the end. Up again if it is (again) wanted, else stopped.
//   again     It was ending by itself when somebody asked for it: up again, and nothing counts.
//   retry     The restart policy says so: at once after a run that was ready, else after the backoff.
//   by exit   It said STOPPING=1: the exit status will tell.
//   exited, gave up, limit, no start: there is no next run.
//
// Who may interrupt whom. A stop overrides everything and is honoured everywhere: it cancels a wait or a backoff
// without signalling anybody, and a Spawn that is still unanswered is stopped when its answer comes. A start or
// restart during `stopping` lets the stop finish and comes up again. A crash during a stop is part of the stop. A
// failure (not ready in time, no watchdog ping) ends a run as a stop does, but is counted; the watchdog kills at once,
// since whoever does not answer would not hear the signal either. A second shutdown kills at once.
//
// Dependencies. An instance tells its dependants one of three things (Provision): ready; coming, then those that live
// go on and those that wait go on waiting; down, then those that live are stopped and wait. A restart after a crash is
// `coming`; an ordered stop, and so an ordered restart, is `down` until the next run begins. The ordered stop of what
// others need signals nobody until none of them is alive.
//
// An exit with a code of success (0, where nothing else is said) is a success, but only of a service that had become
// ready or whose readiness is `none`: one that had something to prove and ended before it did has failed. A success is
// never counted as a failure. A run that could not be spawned ends in `failed`, not `exited`, when there is no next
// try: nothing ended.
//
// With `start_retries` a run must have become ready, whatever its readiness is, to be anything but a failed start: that
// is tried again so many times in a row, whatever `restart` says and without counting for the limit, and then `failed`.
//
// The launcher of a forking service is its main process until MainPid names the daemon; its exit with 0 is then no end.
//
// The table is in step_table.cpp: every state with every event. docs/states.md is made from it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/action.hpp"
#include "core/event.hpp"
#include "core/model.hpp"
#include "core/record.hpp"
#include "core/restart_policy.hpp"
#include "core/state.hpp"
#include "core/time.hpp"

namespace foster::core {

/// What an instance is to those that need it.
enum class Provision : std::uint8_t { ready, coming, down };

/// What the world around an instance allows, as the fleet sees it.
struct Surroundings {
  enum class Start : std::uint8_t {
    go,    ///< Whatever it needs is ready.
    wait,  ///< Not yet; who lives goes on.
    hold,  ///< What it needs is down; who lives is stopped.
  };
  enum class Gate : std::uint8_t { open, closed };
  Start start = Start::go;
  Gate stop = Gate::open;  ///< Closed: dependants that go first are still alive.
  std::string reason;      ///< Of wait and hold: "redis: starting".
};

/// The stage of one step.
struct Scene {
  InstanceId id;
  const Service& service;
  Instant now;
  Actions& actions;
};

/// The events, and what the fleet itself brings about, as columns of the table.
enum class Trigger : std::uint8_t {
  // In the order of the alternatives of Event.
  start,
  stop,
  restart,
  spawned,
  spawn_failed,
  main_exited,
  gone,
  main_pid,
  ready,
  not_ready,
  extend_timeout,
  watchdog_ping,
  stopping,
  spawn_lost,
  // Without an event.
  due,       ///< A deadline of the instance has passed.
  kill_now,  ///< A second shutdown.
};
inline constexpr unsigned kTriggers = 16;
static_assert(std::variant_size_v<Event> + 2 == kTriggers);

/// How the end of a run goes on. The numbers are stored in the ledger.
enum class StopPhase : std::uint8_t {
  spawning = 0,    ///< The Spawn is unanswered; nobody can be signalled yet.
  dependants = 1,  ///< Those that need it go first.
  signalled = 2,   ///< The stop signal is sent; a deadline runs.
  killing = 3,     ///< KillRest is asked for; Gone ends it.
  leaving = 4,     ///< It said that it is going; nobody signalled it; a deadline runs.
};

/// What follows a run. The numbers are stored in the ledger.
enum class Sequel : std::uint8_t {
  obey = 0,
  again = 1,
  retry = 2,
  by_exit = 3,
  exited = 4,
  gave_up = 5,
  limit = 6,
  no_start = 7
};

/// One instance. Only its own member functions change it; they are the state machine.
class Instance {
 public:
  /// Stopped, and not wanted yet.
  Instance(unsigned index, std::uint32_t jitter_seed, Instant now);

  /// Takes note of what happened. A change that can be told at once is published; whether a run begins, or a stop may
  /// signal, is left to `settle`, which must follow. An event of another run is ignored.
  /// Returns false if nothing changed.
  bool step(const Event& event, const Scene& scene);
  /// Its deadline has passed. False if it has not.
  bool due(const Scene& scene);
  /// Kills whatever is alive.
  bool kill_now(const Scene& scene);
  /// Level-triggered: brings what is closer to what is wanted, as far as the surroundings allow. Called again it does
  /// nothing. Returns false if nothing changed.
  bool settle(const Surroundings& surroundings, const Scene& scene);
  /// Asks again for what may not have been done when the supervisor was lost.
  void resume(const Scene& scene) const;

  /// It is no longer in the model (or is again): it goes when nothing of it is alive.
  void set_removed(bool removed) { removed_ = removed; }

  [[nodiscard]] State state() const { return static_cast<State>(state_.index()); }
  [[nodiscard]] bool is_wanted() const { return wanted_; }
  [[nodiscard]] bool is_removed() const { return removed_; }
  [[nodiscard]] bool is_alive() const { return may_be_alive(state()); }
  /// On its way down by order, not by itself.
  [[nodiscard]] bool is_stopping_by_order() const;
  /// Waits until those that need it are down.
  [[nodiscard]] bool is_gated() const;
  [[nodiscard]] Provision provision() const;
  /// On its first way up since it was started: whoever comes after it waits.
  [[nodiscard]] bool is_on_first_way_up() const;

  [[nodiscard]] unsigned index() const { return index_; }
  [[nodiscard]] Run run() const { return run_; }
  [[nodiscard]] unsigned restarts() const { return restarts_; }
  [[nodiscard]] Instant since() const { return since_; }
  [[nodiscard]] std::optional<Pid> pid() const;
  [[nodiscard]] std::optional<Instant> ready_since() const;
  /// Next try, ready by, stopped by.
  [[nodiscard]] std::optional<Instant> deadline() const;
  /// The next time `due` wants to be called: the deadline or the watchdog's.
  [[nodiscard]] std::optional<Instant> alarm() const;
  [[nodiscard]] const std::optional<ExitStatus>& exit() const { return exit_; }
  [[nodiscard]] const Cause& cause() const { return cause_; }

  /// All of it, as it is stored; what a fleet adds is left zero.
  [[nodiscard]] InstanceRecord record(std::string_view service) const;
  [[nodiscard]] static Instance from_record(const InstanceRecord& record);

 private:
  // What is known of the processes of a run.
  struct Process {
    std::optional<Pid> main;
    bool is_launcher = false;  // of a forking service: its exit with 0 is no end
    Instant watchdog_by{};
    Duration watchdog_period{};  // zero: not armed
  };
  struct Stopped {};
  struct Waiting {
    bool held = false;
  };
  struct Starting {
    Process process;
    bool spawn_unanswered = true;
    bool is_watched = false;  // somebody was asked to tell when it is ready
    Instant ready_by{};
  };
  struct Running {
    Process process;
    Instant ready_since;
  };
  struct Stopping {
    Process process;
    StopPhase phase;
    Sequel sequel;
    bool kill_when_spawned = false;
    bool is_done = false;  // the sequel `exited` is a success
    std::optional<Instant> by = {};
    std::optional<Instant> ready_since = {};
  };
  struct InBackoff {
    std::optional<Instant> next_try;
  };
  struct IsExited {
    bool is_done = false;
  };
  struct HasFailed {};
  // In the order of State.
  using Alternatives = std::variant<Stopped, Waiting, Starting, Running, Stopping, InBackoff, IsExited, HasFailed>;
  static_assert(std::variant_size_v<Alternatives> == kStates);

  Instance() = default;

  friend struct StepTable;
  friend struct RecordCodec;

  // The deeds of the table (step.cpp), in the order of its columns.
  using Deed = void (Instance::*)(const Event*, const Scene&);
  void ignore(const Event*, const Scene&);
  void want(const Event*, const Scene&);
  void begin(const Event*, const Scene&);
  void come_back(const Event*, const Scene&);
  void cancel(const Event*, const Scene&);
  void order_stop(const Event*, const Scene&);
  void stop_for_good(const Event*, const Scene&);
  void order_restart(const Event*, const Scene&);
  void note_spawned(const Event*, const Scene&);
  void note_late_spawn(const Event*, const Scene&);
  void fail_to_spawn(const Event*, const Scene&);
  void finish_without_spawn(const Event*, const Scene&);
  void note_lost_spawn(const Event*, const Scene&);
  void note_end(const Event*, const Scene&);
  void note_end_while_stopping(const Event*, const Scene&);
  void note_gone(const Event*, const Scene&);
  void finish_stop(const Event*, const Scene&);
  void note_main_pid(const Event*, const Scene&);
  void become_ready(const Event*, const Scene&);
  void give_up_readiness(const Event*, const Scene&);
  void extend(const Event*, const Scene&);
  void feed_watchdog(const Event*, const Scene&);
  void note_stopping(const Event*, const Scene&);
  void starting_due(const Event*, const Scene&);
  void running_due(const Event*, const Scene&);
  void stopping_due(const Event*, const Scene&);
  void backoff_due(const Event*, const Scene&);
  void kill(const Event*, const Scene&);

  // What the deeds are made of.
  bool run_deed(Trigger trigger, const Event* event, const Scene& scene);
  template <class To>
  void enter(To&& to, Cause cause, const Scene& scene);
  void await_spawn(Cause cause, const Scene& scene);
  void publish(const Scene& scene);
  void forget_tries();
  void begin_stop(Sequel sequel, Cause cause, const Scene& scene);
  void signal_or_kill(Stopping& stopping, const Scene& scene);
  [[nodiscard]] action::SendSignal stop_signal(const Scene& scene) const;
  void kill_rest(Stopping& stopping, const Scene& scene);
  void end_run(const ExitStatus& status, const Scene& scene);
  void fail_run(Cause cause, StopPhase how, const Scene& scene);
  void finish(const Scene& scene);
  void enter_ready(std::string how, const Scene& scene);
  void stop_watching(const Scene& scene) const;
  void spawn(const Scene& scene);
  bool settle_waiting(const Surroundings& surroundings, const Scene& scene);
  [[nodiscard]] Sequel judge_exit(const ExitStatus& status, std::optional<Instant> ready_since, const Scene& scene);
  [[nodiscard]] Sequel judge_failure(std::optional<Instant> ready_since, const Scene& scene);
  [[nodiscard]] Process* process();
  [[nodiscard]] const Process* process() const;

  Alternatives state_;
  Cause cause_;
  Tries tries_;
  Instant since_{};
  std::optional<ExitStatus> exit_;
  Run run_ = 0;
  unsigned index_ = 0;
  unsigned restarts_ = 0;
  State announced_ = State::stopped;  // what was published last; differs from the state only between step and settle
  bool wanted_ = false;
  bool removed_ = false;
  bool was_ready_ = false;  // since it was last started by somebody
};

}  // namespace foster::core
