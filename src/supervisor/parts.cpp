// How the parts of the supervisor are joined, and what passes between them while it runs.
#include "supervisor/parts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <type_traits>
#include <utility>
#include <variant>

#include <foster/signal.hpp>

#include "supervisor/event_row.hpp"
#include "sys/clock.hpp"
#include "sys/memory.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

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

}  // namespace

Supervisor::Parts::Parts(Options given, reaper::Inherited from_reaper, std::optional<sys::FdLane> reserved,
                         rlimit files, sys::PreparedDirectories opened, ledger::Ledger found, journal::Journal history,
                         Definitions applied, Remembered past)
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
        send(reaper::Plain{.header = {reaper::kWireVersion, reaper::MessageKind::rest}});
        sys::release_unused_memory();
      }) {}

OutputPlace Supervisor::Parts::place() const {
  return {.fifos = directories.fifos,
          .fifo_directory = options.directories.fifos(),
          .logs = {.fd = directories.logs, .path = options.directories.logs},
          .system_log = system_log};
}

core::Fleet Supervisor::Parts::first_fleet(core::Model model) const {
  std::vector<core::InstanceRecord> records;
  records.reserve(remembered.entries.size());
  for (const ledger::Entry& entry : remembered.entries) records.push_back(entry.record);
  return core::Fleet::restore(std::move(model), remembered.ids, records, jitter_seed());
}

api::Info Supervisor::Parts::info() const {
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

Result<> Supervisor::Parts::keep_definitions() const {
  if (stand_in) {
    if (auto kept = stand_in->keep(); !kept) return kept;
  }
  if (origin.config.empty() && origin.ad_hoc.empty()) return {};
  return store_definitions(options.directories.applied_config(), engine.fleet().model(), origin);
}

void Supervisor::Parts::remember_name(core::InstanceId id) {
  if (id >= names.size()) names.resize(id + 1);
  names[id] = engine.fleet().view(id).name;
}

// History before the ledger: of two supervisors the later one finds out what has not happened after all, but nobody
// could tell it what has.
void Supervisor::Parts::announce(std::span<const core::InstanceId> changed, const core::Actions& actions) {
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

void Supervisor::Parts::store(core::InstanceId id) {
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

void Supervisor::Parts::execute(const core::Action& action) {
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

void Supervisor::Parts::settle() {
  waiters.check(engine.fleet());
  if (stand_in) stand_in->settled();
  if (!published.empty()) telling.arm(core::Instant(sys::monotonic_now() + kTellAfter));
}

void Supervisor::Parts::tell() {
  if (stand_in) stand_in->store_events();
  if (!published.empty()) journal.release();
  for (api::EventRow& row : std::exchange(published, {})) events.publish(std::move(row));
  rest.arm(core::Instant(sys::monotonic_now() + kRest));
}

void Supervisor::Parts::handle_signal(const reaper::Signalled& signalled) {
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

}  // namespace foster::supervisor
