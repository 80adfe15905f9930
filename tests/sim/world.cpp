#include "world.hpp"

#include <algorithm>

#include "dice.hpp"

namespace foster::sim {
namespace {

using namespace std::chrono_literals;
using core::Event;
namespace event = core::event;
namespace action = core::action;

foster::ExitStatus status_of(unsigned code) {
  if (code > 255) return foster::Killed{*foster::Signal::from_number(SIGSEGV)};
  return foster::Exited{code < 80 ? 0 : static_cast<int>(code)};
}

}  // namespace

std::optional<Instant> World::next() const {
  if (agenda_.empty()) return std::nullopt;
  return agenda_.top().at;
}

std::uint64_t World::life_of(InstanceId id) const {
  const auto life = lives_.find(id);
  return life == lives_.end() ? 0 : life->second;
}

bool World::is_bad(unsigned percent, InstanceId id, Run run, char what) const {
  if (is_calm_) return false;
  return chance(percent, seed_, id, run, what, life_of(id));
}

Duration World::some_time(InstanceId id, Run run, char what, unsigned milliseconds) const {
  const auto number = roll(seed_, id, run, what, 't');
  if (number % 3 == 0) return 0ms;  // at once, which is where races are
  return std::chrono::milliseconds((number >> 8U) % milliseconds);
}

void World::schedule(Happening::Kind kind, Duration delay, InstanceId id, Run run, foster::ExitStatus status,
                     std::optional<foster::Pid> pid) {
  agenda_.push({kind, now_ + delay, order_++, id, run, life_of(id), status, pid});
}

core::RunFacts* World::facts_of(InstanceId id, Run run) {
  for (core::RunFacts& facts : facts_.runs) {
    if (facts.id == id && facts.run == run) return &facts;
  }
  return nullptr;
}

void World::count_processes(InstanceId id, Run run) {
  const Process& process = processes_[{id, run}];
  if (core::RunFacts* facts = facts_of(id, run)) facts->alive = process.others + (process.main_lives ? 1 : 0);
}

void World::execute(const core::Action& action, const core::Fleet& fleet) {
  if (const auto* begin = std::get_if<action::Spawn>(&action)) spawn(*begin, fleet);
  if (const auto* signal = std::get_if<action::SendSignal>(&action)) {
    const Process& process = processes_[{signal->id, signal->run}];
    if (core::RunFacts* facts = facts_of(signal->id, signal->run)) facts->was_signalled = true;
    const bool obeys = !is_bad(20, signal->id, signal->run, 'i');
    if (process.main_lives && obeys) {
      const foster::ExitStatus status = is_bad(50, signal->id, signal->run, 'g')
                                            ? foster::ExitStatus(foster::Exited{0})
                                            : foster::ExitStatus(foster::Killed{signal->signal});
      schedule(Happening::Kind::main_ends, some_time(signal->id, signal->run, 'e', 300), signal->id, signal->run,
               status);
    }
  }
  if (const auto* kill = std::get_if<action::KillRest>(&action)) {
    const Process& process = processes_[{kill->id, kill->run}];
    const foster::ExitStatus killed = foster::Killed{*foster::Signal::from_number(SIGKILL)};
    const bool was_alive = process.main_lives || process.others > 0;
    const Duration delay = was_alive ? some_time(kill->id, kill->run, 'k', 40) : 0ms;
    if (process.main_lives) schedule(Happening::Kind::main_ends, delay, kill->id, kill->run, killed);
    schedule(Happening::Kind::rest_ends, delay, kill->id, kill->run);
    schedule(Happening::Kind::tell_gone, delay, kill->id, kill->run);
  }
  if (const auto* watch = std::get_if<action::WatchReadiness>(&action)) {
    const Process& process = processes_[{watch->id, watch->run}];
    if (process.readiness_is_lost || is_bad(12, watch->id, watch->run, 'n')) return;
    const Duration delay = some_time(watch->id, watch->run, 'r', is_calm_ ? 100 : 3000);
    const bool fails = is_bad(8, watch->id, watch->run, 'N');
    schedule(fails ? Happening::Kind::tell_not_ready : Happening::Kind::tell_ready, delay, watch->id, watch->run);
  }
  if (const auto* gone = std::get_if<action::Retire>(&action)) retire(gone->id);
  if (const auto* exit = std::get_if<action::Exit>(&action)) exit_code_ = exit->code;
}

void World::spawn(const action::Spawn& spawn, const core::Fleet& fleet) {
  const auto [id, run] = spawn;
  const Duration delay = some_time(id, run, 'S', 20);
  const bool fails = failing_spawns_ > 0 || is_bad(6, id, run, 'f');
  if (failing_spawns_ > 0) --failing_spawns_;
  if (fails) return schedule(Happening::Kind::spawn_failed, delay, id, run);
  // The claim is made at once; only the answer takes its time.
  const foster::Pid pid(++last_pid_);
  const core::Service& service = fleet.service_of(id);
  Process& process = processes_[{id, run}];
  process.main_lives = true;
  process.is_launcher = service.type == core::ServiceType::forking;
  process.others = is_bad(30, id, run, 'o') ? 1 + run % 2 : 0;
  facts_.runs.push_back({.id = id, .run = run, .main = pid, .ended = {}});
  count_processes(id, run);
  schedule(Happening::Kind::spawned, delay, id, run, foster::ExitUnknown{}, pid);
  live_its_life(id, run, service);
}

void World::live_its_life(InstanceId id, Run run, const core::Service& service) {
  if (service.type == core::ServiceType::forking) {
    processes_[{id, run}].others += 1;  // the daemon, on its way
    count_processes(id, run);
    const unsigned code = is_bad(15, id, run, 'L') ? 100 : 0;
    schedule(Happening::Kind::main_ends, 20ms + some_time(id, run, 'l', 200), id, run, status_of(code));
    return;
  }
  if (!is_bad(35, id, run, 'c')) return;
  const auto code = static_cast<unsigned>(roll(seed_, id, run, 'x') % 300);
  schedule(Happening::Kind::main_ends, 20ms + some_time(id, run, 'c', 6000), id, run, status_of(code));
}

// What happens changes the world; the news of it is another thing.
void World::happen(const Happening& happening) {
  const auto [id, run] = std::pair(happening.id, happening.run);
  const auto found = processes_.find({id, run});
  if (found == processes_.end()) return;
  Process& process = found->second;
  if (happening.kind == Happening::Kind::rest_ends) process.others = 0;
  if (happening.kind == Happening::Kind::main_ends && process.main_lives) {
    process.main_lives = false;
    const core::RunFacts* facts = facts_of(id, run);
    const auto pid = facts == nullptr ? std::nullopt : facts->main;
    // An exit is told at once: the next thing to be told of the run is that all is gone, and never before it.
    schedule(Happening::Kind::tell_exit, 0ms, id, run, happening.status, pid);
    if (process.is_launcher && is_success(happening.status) && process.others > 0) {
      process.is_launcher = false;
      process.main_lives = true;
      process.others -= 1;
      schedule(Happening::Kind::tell_main_pid, 1ms, id, run, foster::ExitUnknown{}, foster::Pid(++last_pid_));
    }
  }
  count_processes(id, run);
}

std::optional<std::pair<InstanceId, Event>> World::take_due() {
  using Kind = Happening::Kind;
  while (!agenda_.empty() && agenda_.top().at <= now_) {
    const Happening happening = agenda_.top();
    agenda_.pop();
    const InstanceId id = happening.id;
    const Run run = happening.run;
    core::RunFacts* facts = facts_of(id, run);
    if (happening.life != life_of(id)) continue;
    if (happening.kind == Kind::spawn_failed) return {{id, event::SpawnFailed{run, "clone: no free pids"}}};
    if (facts == nullptr) continue;
    switch (happening.kind) {
      case Kind::spawned:
        processes_[{id, run}].spawn_is_answered = true;
        return {{id, event::Spawned{run, *happening.pid}}};
      case Kind::main_ends:
      case Kind::rest_ends:
        happen(happening);
        continue;
      case Kind::tell_exit:
        if (!processes_[{id, run}].spawn_is_answered) {
          schedule(Kind::tell_exit, 1ms, id, run, happening.status, happening.pid);
          continue;
        }
        if (facts->main == happening.pid) facts->main.reset();
        facts->ended = happening.pid;
        return {{id, event::MainExited{run, happening.status, happening.pid}}};
      case Kind::tell_gone:
        if (facts->alive > 0 || facts->main) {  // the news of the exit is still on its way
          schedule(Kind::rest_ends, 1ms, id, run);
          schedule(Kind::tell_gone, 1ms, id, run);
          continue;
        }
        facts->gone_was_told = true;
        return {{id, event::Gone{run}}};
      case Kind::tell_main_pid:
        if (!processes_[{id, run}].main_lives) continue;
        facts->main = happening.pid;
        return {{id, event::MainPid{run, *happening.pid}}};
      case Kind::tell_ready:
        if (!processes_[{id, run}].main_lives || processes_[{id, run}].readiness_is_lost) continue;
        return {{id, event::Ready{run, "READY=1"}}};
      case Kind::tell_not_ready:
        return {{id, event::NotReady{run, "the launcher failed"}}};
      case Kind::spawn_failed:
        break;
    }
  }
  return std::nullopt;
}

Event World::answer_lost_spawn(InstanceId id, Run run) {
  for (const core::RunFacts& facts : facts_.runs) {
    if (facts.id != id || facts.run != run) continue;
    const auto pid = facts.main ? facts.main : facts.ended;
    processes_[{id, run}].spawn_is_answered = true;
    if (pid) return event::Spawned{run, *pid};
  }
  return event::SpawnLost{run};
}

std::optional<World::Live> World::live_run(unsigned which) const {
  std::vector<Live> live;
  for (const core::RunFacts& facts : facts_.runs) {
    if (facts.alive > 0) live.push_back({facts.id, facts.run});
  }
  if (live.empty()) return std::nullopt;
  return live[which % live.size()];
}

void World::end_main(unsigned which, unsigned code) {
  if (const auto live = live_run(which))
    schedule(Happening::Kind::main_ends, 0ms, live->id, live->run, status_of(code));
}

void World::lose_readiness(unsigned which) {
  if (const auto live = live_run(which)) processes_[{live->id, live->run}].readiness_is_lost = true;
}

// A service hands over to a child of its own and tells who it is.
std::optional<foster::Pid> World::fork_new_main(const Live& of) {
  core::RunFacts* facts = facts_of(of.id, of.run);
  if (!processes_[{of.id, of.run}].main_lives || facts == nullptr || !facts->main) return std::nullopt;
  processes_[{of.id, of.run}].is_launcher = false;
  facts->main = foster::Pid(++last_pid_);
  return facts->main;
}

void World::retire(InstanceId id) {
  ++lives_[id];
  std::erase_if(facts_.runs, [&](const core::RunFacts& facts) { return facts.id == id; });
  std::erase_if(processes_, [&](const auto& entry) { return entry.first.first == id; });
  if (id < facts_.failures.size()) facts_.failures[id].clear();
  if (id < facts_.failed_starts.size()) facts_.failed_starts[id] = 0;
}

}  // namespace foster::sim
