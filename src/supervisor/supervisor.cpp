#include "supervisor/supervisor.hpp"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>

#include "api/server.hpp"
#include "journal/journal.hpp"
#include "ledger/ledger.hpp"
#include "reaper/handover.hpp"
#include "supervisor/commands.hpp"
#include "supervisor/control_socket.hpp"
#include "supervisor/definitions.hpp"
#include "supervisor/engine.hpp"
#include "supervisor/event_log.hpp"
#include "supervisor/event_row.hpp"
#include "supervisor/executor.hpp"
#include "supervisor/exits.hpp"
#include "supervisor/listeners.hpp"
#include "supervisor/probes.hpp"
#include "supervisor/recover.hpp"
#include "supervisor/runtime_guard.hpp"
#include "supervisor/supervisord/supervisord.hpp"
#include "supervisor/upgrade.hpp"
#include "supervisor/waiters.hpp"
#include "sys/cgroup.hpp"
#include "sys/clock.hpp"
#include "sys/memory.hpp"
#include "sys/open_files.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

// Clients that read nothing do not hold up the end.
constexpr auto kFarewell = 2s;
constexpr auto kFarewellBeforeTheNext = 100ms;
constexpr int kBadConfig = 78;
// A service that ended comes back first; the history is told in the pause after it.
constexpr auto kTellAfter = 1ms;
// After this long without an event, memory that work has taken is given back: one wake-up, then none.
constexpr auto kRest = 2s;

// Differs from life to life of an instance, and stays the same for all supervisors and reapers of one: what they
// started is known by it.
std::string run_stamp(const std::string& name, const ledger::Ledger& ledger) {
  return name + "@" + std::to_string(ledger.stamp());
}

// Two fosters of one name in different runtime directories must not meet in one cgroup: they would
// kill each other's services. The directory's own identity stays the same for every supervisor of it.
std::string tree_name(const std::string& name, BorrowedFd runtime) {
  struct stat facts{};
  (void)::fstat(runtime.get(), &facts);  // cannot fail on an open descriptor
  return name + "-" + std::to_string(facts.st_dev) + "-" + std::to_string(facts.st_ino);
}

// In a container it may be elsewhere.
std::string path_of_system_log() {
  const char* path = std::getenv("FOSTER_SYSLOG");
  return path != nullptr && *path != '\0' ? path : sys::kSystemLog;
}

std::uint64_t jitter_seed() {
  return static_cast<std::uint64_t>(sys::monotonic_now().count()) ^ (static_cast<std::uint64_t>(::getpid()) << 32U);
}

template <class Message>
void send(sys::Channel& channel, const Message& message) {
  (void)channel.send(bytes_of(message));  // its reader is the reaper, which always reads
}

}  // namespace

struct Supervisor::Parts {
  Parts(Options given, reaper::Inherited from_reaper, std::optional<sys::FdLane> reserved, rlimit files,
        sys::PreparedDirectories opened, ledger::Ledger found, journal::Journal history, Definitions applied,
        Remembered past)
      : options(std::move(given)),
        watch(std::move(from_reaper.watch)),
        inherited(std::move(from_reaper)),
        lane(std::move(reserved)),
        open_files(files),
        reaper(::getppid()),
        directories(std::move(opened)),
        system_log(std::make_shared<sys::SystemLog>(options.ident, path_of_system_log())),
        ledger(std::move(found)),
        journal(std::move(history)),
        origin(std::move(applied.origin)),
        remembered(std::move(past)),
        channel(std::move(options.channel)),
        listeners(channel, std::move(inherited.listeners), std::move(inherited.listener_names)),
        cgroups(sys::CgroupTree::find_writable(tree_name(options.name, directories.runtime))),
        events(journal.last_id()),
        engine(loop, first_fleet(std::move(applied.model)),
               {.announce = [this](std::span<const core::InstanceId> changed,
                                   const core::Actions& actions) { announce(changed, actions); },
                .store = [this](core::InstanceId id) { store(id); },
                .execute = [this](const core::Action& action) { execute(action); },
                .stored = [this] { ledger.set_last_exit_sequence(exits.sequence()); },
                .settled = [this] { settle(); }}),
        exits(loop, channel, ledger.last_exit_sequence(),
              {.orphan_reaped = [this] { executor.orphan_reaped(); },
               .signalled = [this](const reaper::Signalled& signalled) { handle_signal(signalled); },
               .applied = [this] { ledger.set_last_exit_sequence(exits.sequence()); },
               .reaper_lost = [this] { end({.kind = Ending::Kind::reaper_lost, .exit_code = 0}); }}),
        upgrade({.loop = loop,
                 .exits = exits,
                 .channel = channel,
                 .directories = options.directories,
                 .name = options.name,
                 .leave = [this] { end({.kind = Ending::Kind::upgraded, .exit_code = 0}); }}),
        executor({.loop = loop,
                  .ledger = ledger,
                  .channel = channel,
                  .listeners = listeners,
                  .exits = exits,
                  .place = place(),
                  .cgroups = cgroups ? &*cgroups : nullptr,
                  .reaper = reaper,
                  .foster = options.name,
                  .run_stamp = run_stamp(options.name, ledger),
                  .open_files = open_files,
                  .lane = lane ? &*lane : nullptr,
                  .fleet = [this]() -> const core::Fleet& { return engine.fleet(); },
                  .report = [this](core::InstanceId id, core::Event event) { engine.report(id, std::move(event)); },
                  .tap =
                      [this](core::InstanceId id, core::Stream stream, const ToldOutput& told) {
                        if (stand_in) stand_in->hear(id, stream, told);
                      }}),
        commands({.loop = loop,
                  .engine = engine,
                  .executor = executor,
                  .waiters = waiters,
                  .events = events,
                  .journal = journal,
                  .origin = origin,
                  .directories = options.directories,
                  .place = place(),
                  .info = [this] { return info(); },
                  .stands_in = [this] { return stand_in != nullptr; },
                  .upgrade = upgrade,
                  .tell = [this] { tell(); }}),
        guard({.loop = loop,
               .directories = options.directories,
               .opened = directories,
               .lock = options.lock,
               .ledger = ledger,
               .channel = channel,
               .listeners = listeners,
               .store_definitions = [this] { return keep_definitions(); },
               .listen = [this](UniqueFd socket) { server->listen(std::move(socket)); }}),
        telling(loop, [this] { tell(); }),
        farewell(loop, [this] { loop.stop(); }),
        rest(loop, [this] {
          send(channel, reaper::Plain{.header = {reaper::kWireVersion, reaper::MessageKind::rest}});
          sys::release_unused_memory();
        }) {}

  [[nodiscard]] OutputPlace place() const {
    return {.fifos = directories.fifos,
            .fifo_directory = options.directories.fifos(),
            .logs = {.fd = directories.logs, .path = options.directories.logs},
            .system_log = system_log};
  }

  [[nodiscard]] core::Fleet first_fleet(core::Model model) const {
    std::vector<core::InstanceRecord> records;
    records.reserve(remembered.entries.size());
    for (const ledger::Entry& entry : remembered.entries) records.push_back(entry.record);
    return core::Fleet::restore(std::move(model), remembered.ids, records, jitter_seed());
  }

  [[nodiscard]] api::Info info() const {
    return {.version = FOSTER_VERSION,
            .name = options.name,
            .reaper = reaper.number(),
            .supervisor = ::getpid(),
            .runtime_dir = options.directories.runtime,
            .state_dir = options.directories.state,
            .log_dir = options.directories.logs,
            .config = origin.config,
            .history_trouble = journal.stuck() ? to_string(*journal.stuck()) : std::string(),
            .recoveries = static_cast<unsigned>(ledger.recoveries()),
            .hangs = static_cast<unsigned>(ledger.hangs())};
  }

  [[nodiscard]] Result<> keep_definitions() const {
    if (stand_in) {
      if (auto kept = stand_in->keep(); !kept) return kept;
    }
    if (origin.config.empty() && origin.ad_hoc.empty()) return {};
    return store_definitions(options.directories.applied_config(), engine.fleet().model(), origin);
  }

  void remember_name(core::InstanceId id) {
    if (id >= names.size()) names.resize(id + 1);
    names[id] = engine.fleet().view(id).name;
  }

  // History before the ledger: of two supervisors the later one finds out what has not happened after all, but nobody
  // could tell it what has.
  void announce(std::span<const core::InstanceId> changed, const core::Actions& actions) {
    for (const core::InstanceId id : changed) remember_name(id);
    const core::Instant now(sys::monotonic_now());
    for (const core::Action& action : actions) {
      const auto* publish = std::get_if<core::action::Publish>(&action);
      if (publish == nullptr) continue;
      const core::Transition& what = publish->transition;
      api::EventRow row{.id = 0,
                        .time = sys::wall_now(),
                        .name = names[what.id],
                        .from = what.from,
                        .to = what.to,
                        .run = what.run,
                        .cause = what.cause,
                        .end = what.cause.exit ? executor.take_end(what.id, what.run) : std::nullopt};
      row.id = journal.note(to_record(row, now));
      if (stand_in) stand_in->note(row, what.id);
      published.push_back(std::move(row));
    }
  }

  void store(core::InstanceId id) {
    ledger::Entry entry;
    entry.record = engine.fleet().record(id);
    entry.main_process = executor.identity_of(id);
    RunNotes notes{.first_pid = 0, .run = 0, .reaper = reaper.number()};
    if (const Instance* it = executor.find(id)) {
      notes.first_pid = it->first_pid;
      notes.run = it->run;
    }
    entry.notes = pack(notes);
    // A full runtime directory leaves the old entry: the worst is a decision taken again after a crash.
    (void)ledger.store(id, entry);
  }

  void execute(const core::Action& action) {
    std::visit(
        [this](const auto& what) {
          using What = std::remove_cvref_t<decltype(what)>;
          if constexpr (std::is_same_v<What, core::action::Publish>) {
            waiters.note(what.transition);
          } else if constexpr (std::is_same_v<What, core::action::Exit>) {
            end({.kind = Ending::Kind::finished, .exit_code = what.code});
          } else {
            executor.perform(what);
          }
        },
        action);
  }

  void settle() {
    waiters.check(engine.fleet());
    if (stand_in) stand_in->settled();
    if (!published.empty()) telling.arm(core::Instant(sys::monotonic_now() + kTellAfter));
  }

  void tell() {
    if (stand_in) stand_in->store_events();
    if (!published.empty()) journal.release();
    for (api::EventRow& row : std::exchange(published, {})) events.publish(std::move(row));
    rest.arm(core::Instant(sys::monotonic_now() + kRest));
  }

  void handle_signal(const reaper::Signalled& signalled) {
    if (stand_in && signalled.signal != SIGUSR1) return stand_in->handle_signal(signalled.signal);
    if (signalled.signal == SIGHUP) return commands.reload();
    if (signalled.signal == SIGUSR1)
      return upgrade.begin({}, [](const api::Answer<api::Upgraded>& answer) {
        if (!answer) std::fprintf(stderr, "foster: %s\n", answer.error().message.c_str());
      });
    if (signalled.signal != SIGTERM && signalled.signal != SIGINT && signalled.signal != SIGQUIT) return;
    const auto signal = Signal::from_number(signalled.signal);
    std::string who = "SIG" + signal->name();
    if (signalled.sender_pid != 0) who += " from pid " + std::to_string(signalled.sender_pid);
    engine.shut_down(0, {.kind = core::CauseKind::shutdown, .detail = std::move(who), .exit = std::nullopt});
  }

  void end(Ending how) {
    if (ending) return;
    ending = how;
    if (how.kind == Ending::Kind::reaper_lost) {
      tell();
      loop.stop();
      return;
    }
    // After what runs now, so that the answers are those of the end.
    loop.post([this, how] {
      // Whoever waits on through an upgrade asks the next supervisor.
      const bool is_over = how.kind == Ending::Kind::finished;
      if (is_over) waiters.finish(engine.fleet());
      tell();
      farewell.arm(core::Instant(sys::monotonic_now() + (is_over ? kFarewell : kFarewellBeforeTheNext)));
      auto waits_for = std::make_shared<int>(2);
      const std::function<void()> leave = [this, waits_for] {
        if (--*waits_for == 0) loop.stop();
      };
      if (stand_in && !is_over) {
        stand_in->drain(leave);
      } else {
        leave();
      }
      if (server) {
        server->drain(leave);
      } else {
        leave();
      }
    });
  }

  // Everything is down on purpose: the next start of this foster begins with nothing.
  void forget_everything() {
    if (stand_in) stand_in->end();
    (void)::unlink(options.directories.next_config().c_str());
    (void)::unlink(options.directories.applied_config().c_str());
    if (const auto slots = ledger.occupied()) {
      for (const ledger::Slot slot : *slots) {
        ledger.clear(slot);
        (void)ledger.erase(slot);  // what stays is stopped
        remove_fifos(directories.fifos, slot);
      }
    }
  }

  Result<> recover() {
    for (const core::InstanceId id : engine.fleet().ids()) remember_name(id);
    take_up_history();
    Recovery recovery(ledger, executor, engine, reaper, std::move(inherited));
    if (auto taken = recovery.take_up(remembered); !taken) return taken;
    exits.start();
    recovery.account_for(remembered, exits);
    listeners.close_unwanted();
    engine.tick();
    remembered = {};
    return finish_change();
  }

  void take_up_history() {
    const auto pending = journal.pending();
    journal.retract(not_happened(pending, engine.fleet()));
    for (const journal::EventRecord& record : journal.pending()) {
      if (stand_in) stand_in->note_again(to_row(record));
      events.publish(to_row(record));
    }
    if (stand_in) stand_in->store_events();
    journal.release();
  }

  // What an earlier supervisor was about to apply, and had not begun.
  Result<> finish_change() {
    auto next = load_definitions(options.directories.next_config(), options.name);
    const int why_not = next ? 0 : next.error().code;
    const bool is_none = why_not == ENOENT || why_not == EBADMSG || why_not == EISDIR;
    if (is_none || engine.fleet().is_shutting_down()) return {};
    if (!next) return Failure(next.error());
    const core::Cause recovered{.kind = core::CauseKind::recovered, .detail = {}, .exit = std::nullopt};
    if (auto done = commands.put_in_force(std::move(*next), recovered); !done) {
      std::fprintf(stderr, "foster: a changed config is not applied: %s\n", to_string(done.error()).c_str());
    }
    return {};
  }

  Result<> stand_in_for_supervisord(supervisord::Supervisord::Beginning how) {
    const auto start = config::supervisord::start_from_json(options.supervisord);
    if (!start) return failure(start.error(), 0);
    auto made = supervisord::Supervisord::create({.loop = loop,
                                                  .engine = engine,
                                                  .executor = executor,
                                                  .commands = commands,
                                                  .listeners = listeners,
                                                  .origin = origin,
                                                  .runtime_directory = options.directories.runtime,
                                                  .log_directory = options.directories.logs,
                                                  .system_log = system_log,
                                                  .reaper = reaper.number()},
                                                 *start, how);
    if (!made) return failure(made.error(), 0);
    stand_in = std::move(*made);
    return {};
  }

  void apply_first_config() {
    if (stand_in) return stand_in->begin();
    if (options.config.empty() || !origin.config.empty()) return;
    const api::Actor start{.uid = ::geteuid(), .pid = ::getpid(), .description = "the start of foster"};
    commands.apply({.config = options.config, .dry_run = false, .wait = false}, start,
                   [this](const api::Answer<api::Applied>& answer) {
                     if (answer) return;
                     std::fprintf(stderr, "foster: %s\n", answer.error().message.c_str());
                     end({.kind = Ending::Kind::finished, .exit_code = kBadConfig});
                   });
  }

  Options options;
  UniqueFd watch;               ///< Of the runtime directory, an earlier supervisor's.
  reaper::Inherited inherited;  ///< For the recovery.
  std::optional<sys::FdLane> lane;
  rlimit open_files;
  Pid reaper;
  sys::PreparedDirectories directories;
  std::shared_ptr<sys::SystemLog> system_log;
  ledger::Ledger ledger;
  journal::Journal journal;
  Origin origin;
  Remembered remembered;
  sys::Channel channel;
  Listeners listeners;
  std::optional<sys::CgroupTree> cgroups;
  Loop loop;
  Waiters waiters;
  std::vector<api::EventRow> published;  ///< Not told yet.
  std::vector<std::string> names;        ///< By id, also of an instance whose last transition is its retirement.
  EventLog events;
  Engine engine;
  Exits exits;
  Upgrade upgrade;
  Executor executor;
  Commands commands;
  RuntimeGuard guard;
  Timer telling;
  Timer farewell;
  Timer rest;
  std::unique_ptr<api::Server> server;
  std::unique_ptr<supervisord::Supervisord> stand_in;  ///< In the place of a supervisord.
  std::optional<Ending> ending;
};

Result<std::unique_ptr<Supervisor>> Supervisor::create(Options options) {
  reaper::Inherited inherited = reaper::take_inherited(options.kept);
  options.kept.reset();
  // While low numbers are free; without it a spawn costs more, and nothing else changes.
  std::optional<sys::FdLane> lane;
  if (auto reserved = sys::FdLane::reserve()) lane = std::move(*reserved);
  const rlimit open_files = sys::make_room_for_files();  // the journal's thread is the first
  auto directories = sys::prepare(options.directories);
  if (!directories) return Failure(directories.error());
  const auto boot = sys::boot_id();
  if (!boot) return Failure(boot.error());
  auto ledger = ledger::Ledger::open(directories->runtime, options.name, *boot);
  if (!ledger) return Failure(ledger.error());
  ledger->set_supervisor_pid(Pid(::getpid()));
  auto journal = journal::Journal::open(options.directories.state + "/journal.db",
                                        {.spool = options.directories.runtime + "/" + sys::kSpoolFile});
  if (journal.stuck) {
    std::fprintf(stderr, "foster: no history is stored for now: %s\n", to_string(*journal.stuck).c_str());
  }

  Definitions definitions;
  definitions.model.name = options.name;
  Remembered remembered;
  const bool goes_on = ledger->found() == ledger::Ledger::Found::same_boot;
  if (goes_on) {
    auto applied = load_definitions(options.directories.applied_config(), options.name);
    // Who took it for missing would start every service a second time.
    if (!applied && applied.error().code != ENOENT) return Failure(applied.error());
    const auto undeclared = applied ? Undeclared::leave : Undeclared::are_unknown;
    if (applied) definitions = std::move(*applied);
    auto found = remember(*ledger, definitions.model, Pid(::getppid()), undeclared);
    if (!found) return Failure(found.error());
    remembered = std::move(*found);
  } else {
    (void)::unlink(options.directories.next_config().c_str());
  }
  auto parts = std::make_unique<Parts>(std::move(options), std::move(inherited), std::move(lane), open_files,
                                       std::move(*directories), std::move(*ledger), std::move(journal.journal),
                                       std::move(definitions), std::move(remembered));
  auto socket = take_control_socket(parts->directories.runtime, std::move(parts->options.listener), parts->channel,
                                    parts->listeners);
  if (!socket) return Failure(socket.error());
  if (!parts->options.supervisord.empty()) {
    using Beginning = supervisord::Supervisord::Beginning;
    auto done = parts->stand_in_for_supervisord(goes_on ? Beginning::after_a_loss : Beginning::anew);
    if (!done) return Failure(done.error());
  }
  if (auto recovered = parts->recover(); !recovered) return Failure(recovered.error());
  parts->server =
      std::make_unique<api::Server>(parts->loop.context(), std::move(*socket), parts->commands, api::ServerOptions{});
  return std::unique_ptr<Supervisor>(new Supervisor(std::move(parts)));
}

Supervisor::Supervisor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Supervisor::~Supervisor() = default;

Result<UniqueFd> Supervisor::bequeath() {
  reaper::HeldFds held;
  parts_->executor.bequeath(held);
  parts_->listeners.bequeath(held);
  auto file = reaper::hand_over({}, held);
  held.give_up();
  return file;
}

Ending Supervisor::run() {
  Parts& parts = *parts_;
  send(parts.channel, reaper::Plain{.header = {reaper::kWireVersion, reaper::MessageKind::up}});
  parts.guard.start(std::move(parts.watch));
  parts.apply_first_config();
  parts.loop.run();
  parts.server.reset();
  const Ending ending = parts.ending.value_or(Ending{});
  if (ending.kind == Ending::Kind::finished) {
    (void)parts.journal.flush(std::chrono::milliseconds(1000));  // a disk that refuses does not hold up the end
    if (parts.cgroups) (void)parts.cgroups->remove();
    send(parts.channel, reaper::Finish{.header = {reaper::kWireVersion, reaper::MessageKind::finish},
                                       .exit_code = ending.exit_code,
                                       .reserved = 0});
    // After the reaper was told: whoever dies before it is replaced, and goes on with going down.
    parts.forget_everything();
  }
  return ending;
}

}  // namespace foster::supervisor
