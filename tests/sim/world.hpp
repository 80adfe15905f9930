// A world without processes: runs that are spawned, become ready, crash, ignore signals and leave others behind, as the
// seed says. It does what a fleet decides and tells it what happened; it never decides anything about a service itself.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <vector>

#include "core/fleet.hpp"
#include "core/invariants.hpp"

namespace foster::sim {

using core::Duration;
using core::InstanceId;
using core::Instant;
using core::Run;

/// Something that will be told to the fleet, or happen in the world, at a time.
struct Happening {
  enum class Kind : std::uint8_t {
    spawned,
    spawn_failed,
    main_ends,
    tell_exit,
    rest_ends,
    tell_gone,
    tell_ready,
    tell_main_pid,
    tell_not_ready
  };
  Kind kind;
  Instant at;
  std::uint64_t order;  // of those at the same time
  InstanceId id;
  Run run;
  std::uint64_t life;  // of the id: one that was retired has no future
  foster::ExitStatus status = foster::ExitUnknown{};
  std::optional<foster::Pid> pid = {};
};

class World {
 public:
  World(std::uint64_t seed, Instant now) : seed_(seed), now_(now) {}

  [[nodiscard]] Instant now() const { return now_; }
  void set_now(Instant now) { now_ = now; }
  [[nodiscard]] std::optional<Instant> next() const;

  /// The next thing due by now: what happens in the world happens; what is to be told is returned.
  [[nodiscard]] std::optional<std::pair<InstanceId, core::Event>> take_due();

  /// Does what a fleet decided.
  void execute(const core::Action& action, const core::Fleet& fleet);

  /// The supervisor is back: what it has to ask the kernel and the ledger about a run whose spawn is unanswered.
  [[nodiscard]] core::Event answer_lost_spawn(InstanceId id, Run run);

  // Faults, by the number of a live run.
  void end_main(unsigned which, unsigned code);
  void lose_readiness(unsigned which);
  void fail_spawns(unsigned count) { failing_spawns_ = count; }
  /// From now on every service behaves.
  void calm_down() {
    is_calm_ = true;
    failing_spawns_ = 0;
  }
  struct Live {
    InstanceId id;
    Run run;
  };
  [[nodiscard]] std::optional<Live> live_run(unsigned which) const;
  [[nodiscard]] std::optional<foster::Pid> fork_new_main(const Live& of);

  [[nodiscard]] core::WorldFacts& facts() { return facts_; }
  [[nodiscard]] bool is_over() const { return exit_code_.has_value(); }
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }

 private:
  struct Process {
    bool main_lives = false;
    bool is_launcher = false;
    bool spawn_is_answered = false;
    bool readiness_is_lost = false;
    unsigned others = 0;
  };
  struct IsLater {
    bool operator()(const Happening& one, const Happening& other) const {
      return one.at != other.at ? one.at > other.at : one.order > other.order;
    }
  };
  using Key = std::pair<InstanceId, Run>;

  void spawn(const core::action::Spawn& spawn, const core::Fleet& fleet);
  void live_its_life(InstanceId id, Run run, const core::Service& service);
  void happen(const Happening& happening);
  void schedule(Happening::Kind kind, Duration delay, InstanceId id, Run run,
                foster::ExitStatus status = foster::ExitUnknown{}, std::optional<foster::Pid> pid = {});
  [[nodiscard]] std::uint64_t life_of(InstanceId id) const;
  [[nodiscard]] core::RunFacts* facts_of(InstanceId id, Run run);
  [[nodiscard]] bool is_bad(unsigned percent, InstanceId id, Run run, char what) const;
  [[nodiscard]] Duration some_time(InstanceId id, Run run, char what, unsigned milliseconds) const;
  void count_processes(InstanceId id, Run run);
  void retire(InstanceId id);

  std::uint64_t seed_;
  Instant now_;
  std::priority_queue<Happening, std::vector<Happening>, IsLater> agenda_;
  std::uint64_t order_ = 0;
  std::map<Key, Process> processes_;
  core::WorldFacts facts_;
  std::map<InstanceId, std::uint64_t> lives_;  // how often an id was used, so that no two behave alike
  pid_t last_pid_ = 1000;
  unsigned failing_spawns_ = 0;
  bool is_calm_ = false;
  std::optional<int> exit_code_;
};

}  // namespace foster::sim
