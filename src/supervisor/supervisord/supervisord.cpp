#include "supervisor/supervisord/supervisord.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "config/supervisord/to_model.hpp"
#include "core/step.hpp"
#include "logs/log_place.hpp"
#include "supervisor/supervisord/event_groups.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace foster::supervisor::supervisord {
namespace {

using namespace std::chrono_literals;
using compat::FaultCode;
using compat::refusal;
using config::supervisord::service_name;
using Problem = std::unexpected<std::string>;

// How long a server waits for a port that somebody has taken meanwhile.
constexpr auto kRetryAfter = 1s;
// So many transitions of a process tell when it was last started and stopped.
constexpr std::size_t kRemembered = 16;
constexpr mode_t kPidfileMode = 0644;
// As for all logs: in foster's own directory, and elsewhere.
constexpr mode_t kOwnLogMode = 0640;
constexpr mode_t kLogMode = 0644;

core::Cause by_config() {
  return {.kind = core::CauseKind::configured, .detail = {}, .exit = std::nullopt};
}

std::string spawn_error_of(const core::Cause& cause) {
  constexpr std::string_view kLast = "the last: could not be started: ";
  const auto at = cause.detail.find(kLast);
  return at == std::string::npos ? cause.detail : cause.detail.substr(at + kLast.size());
}

}  // namespace

// -- Its life --

Supervisord::Supervisord(Tools tools, const config::supervisord::Start& start)
    : tools_(std::move(tools)),
      start_(start),
      groups_(tools_.runtime_directory, start),
      calls_(tools_.loop),
      retry_(tools_.loop, [this] { open_servers_or_try_again(); }),
      events_(event_tools()),
      messages_({.groups = groups_,
                 .fleet = [this]() -> const core::Fleet& { return fleet(); },
                 .log = [this](Level level, const std::string& text) { log(level, text); },
                 .has_begun = [this](core::InstanceId id) { make_logs(id); }}),
      going_down_({.loop = tools_.loop,
                   .engine = tools_.engine,
                   .groups = groups_,
                   .events = events_,
                   .log = [this](Level level, const std::string& text) { log(level, text); },
                   .all_are_down = [this] { go_on_from_the_ground(); }}) {}

std::expected<std::unique_ptr<Supervisord>, std::string> Supervisord::create(Tools tools,
                                                                             const config::supervisord::Start& start,
                                                                             Beginning how) {
  std::unique_ptr<Supervisord> made(new Supervisord(std::move(tools), start));
  Supervisord& it = *made;
  if (how == Beginning::anew) it.groups_.forget_stored();
  if (how == Beginning::anew) it.events_.clear();
  const auto recalled = it.groups_.recall();
  if (!recalled) return Problem(recalled.error());
  if (*recalled) {
    (void)it.open_log();  // what cannot be written is not
    it.log(Level::warn, "the supervisor was lost; this one goes on");
    std::vector<EventGroup> groups;
    for (const SharedGroup& group : it.groups_.active()) groups.push_back(event_group_of(*group));
    it.events_.take_up(std::move(groups));
    it.open_servers_or_try_again();
  } else {
    auto told = it.groups_.read();
    if (!told) return Problem(told.error());
    if (auto opened = it.open_log(); !opened) return Problem(opened.error());
    if (auto opened = it.open_servers(); !opened) return Problem(opened.error());
    it.sweep();
    if (auto stored = it.groups_.activate_all(); !stored) {
      close_doors(it.tools_.listeners);
      return Problem(stored.error());
    }
    it.tell_start(*told);
  }
  it.write_pidfile();
  return made;
}

void Supervisord::begin() {
  remember();
  messages_.take_up();
  if (fleet().is_shutting_down()) return;
  switch (groups_.stage()) {
    case Stage::starting:
      return activate_all();
    case Stage::running:
      return forget_what_was_not_begun();
    case Stage::restarting:
    case Stage::ending:
      return going_down_.go_on();
  }
}

// When each was last started and stopped, as the history has it.
void Supervisord::remember() {
  for (const core::InstanceId id : fleet().ids()) {
    const std::string name = fleet().view(id).name;
    const Process* process = groups_.find(name);
    if (process == nullptr || fleet().instance(id).run() == 0) continue;
    lives_.forget(name);
    const auto rows = tools_.commands.history(name, kRemembered);
    if (!rows) continue;
    for (const api::EventRow& row : *rows) (void)lives_.note(row, process->exitcodes);
  }
}

Groups::Done<> Supervisord::open_log() {
  const auto& daemon = groups_.config().daemon;
  MainLog::Options options{.file = daemon.logfile,
                           .keep = static_cast<unsigned>(std::clamp<std::int64_t>(daemon.logfile_backups, 0, 1000)),
                           .level = daemon.log_level,
                           .system_log = tools_.system_log};
  if (daemon.logfile_maxbytes > 0) options.max_size = daemon.logfile_maxbytes;
  if (daemon.nodaemon && !daemon.silent) options.also_to = BorrowedFd(STDOUT_FILENO);
  if (auto opened = log_.open(std::move(options)); !opened) return Problem(to_string(opened.error()));
  return {};
}

Groups::Done<> Supervisord::open_servers() {
  auto doors = open_doors(groups_.config().servers, tools_.listeners);
  if (!doors) return Problem(std::move(doors.error()));
  servers_.emplace(tools_.loop.context(), std::move(*doors), *this);
  return {};
}

void Supervisord::open_servers_or_try_again() {
  const auto opened = open_servers();
  if (opened) return;
  log(Level::critical, opened.error());
  retry_.arm(core::Instant(sys::monotonic_now() + kRetryAfter));
}

void Supervisord::write_pidfile() {
  const std::string& path = groups_.config().daemon.pidfile;
  const auto written = sys::replace_file(path, fmt::format("{}\n", tools_.reaper), {.mode = kPidfileMode});
  if (!written) log(Level::critical, fmt::format("could not write pidfile {}: {}", path, to_string(written.error())));
}

// What earlier lives have left.
void Supervisord::sweep() {
  if (!groups_.config().daemon.nocleanup) (void)remove_auto_logs(groups_.auto_logs());
}

void Supervisord::tell_start(const Groups::Told& told) {
  const Config& config = groups_.config();
  if (::geteuid() == 0 && !config.daemon.user) {
    log(Level::critical,
        "Supervisor is running as root: no user is named in the config file (user=root says that this "
        "is meant)");
  }
  for (const std::string& path : told.included)
    log(Level::info, fmt::format("Included extra file \"{}\" during parsing", path));
  for (const std::string& warning : told.warnings) log(Level::warn, warning);
  for (const auto& server : config.servers) {
    for (const auto& interface : config.rpc_interfaces) {
      log(Level::info, fmt::format("RPC interface '{}' initialized", interface.name));
    }
    if (server.authentication) continue;
    log(Level::critical, fmt::format("Server '{}' running without any HTTP authentication checking", server.section));
  }
  log(Level::info, fmt::format("supervisord started with pid {}", tools_.reaper));
}

Result<> Supervisord::keep() const {
  return groups_.keep();
}

void Supervisord::drain(const std::function<void()>& done) {
  if (!servers_) return done();
  servers_->drain(done);
}

void Supervisord::end() {
  calls_.finish();
  servers_.reset();
  close_doors(tools_.listeners);
  (void)::unlink(groups_.config().daemon.pidfile.c_str());
  groups_.forget_stored();
  events_.clear();
}

// -- What happens --

void Supervisord::note(const api::EventRow& row, core::InstanceId id) {
  const Process* process = groups_.find(row.name);
  if (process == nullptr) return;
  calls_.note(id, row.to);
  events_.note(row);
  const Turn turn = lives_.note(row, process->exitcodes);
  std::string error;
  if (turn == Turn::no_spawn) {
    const auto found = command_of(*process);
    error = !found && found.error().about ? *found.error().about : spawn_error_of(row.cause);
    lives_.set_spawn_error(row.name, error);
  }
  messages_.note(row, id, *process, turn, error);
}

void Supervisord::settled() {
  messages_.settled();
  if (groups_.stage() == Stage::restarting || groups_.stage() == Stage::ending) going_down_.go_on();
}

// Who reads the log of a program that runs and is silent finds it empty, and not missing. Where there is a link that
// leads nowhere, nothing is made: it may be another user's.
void Supervisord::make_logs(core::InstanceId id) const {
  const core::Service& service = fleet().service_of(id);
  for (const core::Stream stream : {core::Stream::out, core::Stream::err}) {
    const std::string path = logs::log_path(service, fleet().instance(id).index(), stream, tools_.log_directory);
    if (path.empty() || ::access(path.c_str(), F_OK) == 0) continue;
    const bool is_own = path.starts_with(tools_.log_directory + "/");
    (void)sys::open_file(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                         is_own ? kOwnLogMode : kLogMode);
  }
}

void Supervisord::handle_signal(int signal) {
  switch (signal) {
    case SIGTERM:
    case SIGINT:
    case SIGQUIT:
      log(Level::warn, fmt::format("received SIG{} indicating exit request", Signal::from_number(signal)->name()));
      return shut_down();
    case SIGHUP:
      if (mood() == compat::Mood::shutdown) {
        return log(Level::warn, "ignored SIGHUP indicating restart request (shutdown in progress)");
      }
      log(Level::warn, "received SIGHUP indicating restart request");
      return restart();
    case SIGUSR2:
      log(Level::info, "received SIGUSR2 indicating log reopen request");
      log(Level::info, "supervisord logreopen");
      if (auto done = log_.reopen(); !done) log(Level::critical, to_string(done.error()));
      tools_.executor.reopen_logs();
      return;
    default:
      return;
  }
}

// -- Groups come and go --

Result<> Supervisord::apply() {
  auto wanted = groups_.definitions_from(fleet().model(), tools_.origin);
  return wanted ? tools_.commands.put_in_force(std::move(*wanted), by_config()) : Failure(wanted.error());
}

// Whoever is wanted runs, or is about to: it was begun before the supervisor was lost. All others are as if they had
// never been.
void Supervisord::activate_all() {
  tell_of_groups();
  Definitions wanted = tools_.commands.in_force();
  std::erase_if(wanted.model.services, [this](const core::Service& service) {
    const auto id = fleet().find(service.name);
    return groups_.find(service.name) != nullptr && !(id && fleet().instance(*id).is_wanted());
  });
  auto done = tools_.commands.put_in_force(std::move(wanted), by_config());
  if (done) done = apply();
  if (!done) log(Level::critical, fmt::format("nothing is started: {}", to_string(done.error())));
  groups_.rest();
  if (auto stored = groups_.enter(Stage::running); !stored) log(Level::critical, stored.error());
}

// A group that was being added or removed when the supervisor was lost: nobody was told that it is there.
void Supervisord::forget_what_was_not_begun() {
  std::vector<std::string> whole;
  for (const SharedGroup& group : groups_.active()) {
    const bool is_whole = std::ranges::all_of(
        group->processes, [this](const Process& process) { return fleet().find(service_name(process)).has_value(); });
    if (is_whole) whole.push_back(group->name);
  }
  for (const SharedGroup& group : groups_.active()) {
    if (std::ranges::find(whole, group->name) == whole.end()) events_.remove(group->name);
  }
  if (whole.size() != groups_.active().size()) (void)groups_.keep_only(whole);
  auto wanted = groups_.definitions_from(fleet().model(), tools_.origin);
  if (wanted && wanted->model.services.size() == fleet().model().services.size()) return;
  auto done = wanted ? tools_.commands.put_in_force(std::move(*wanted), by_config()) : Failure(wanted.error());
  if (!done) log(Level::critical, to_string(done.error()));
}

compat::Outcome<compat::ConfigChanges> Supervisord::reread() {
  const auto told = groups_.read();
  if (!told) return refusal(FaultCode::cant_reread, told.error());
  for (const std::string& warning : told->warnings) log(Level::warn, warning);
  if (auto stored = groups_.enter(groups_.stage()); !stored) return refusal(FaultCode::cant_reread, stored.error());
  return groups_.changes();
}

compat::Outcome<> Supervisord::add_group(const std::string& name) {
  if (groups_.is_active(name)) return refusal(FaultCode::already_added);
  const SharedGroup found = groups_.find_available(name);
  if (!found) return refusal(FaultCode::bad_name);
  if (auto stored = groups_.activate(name); !stored) return refusal(FaultCode::failed, stored.error());
  events_.add(event_group_of(*found));
  if (auto done = apply(); !done) {
    events_.remove(name);
    (void)groups_.deactivate(name);
    return refusal(FaultCode::failed, to_string(done.error()));
  }
  return {};
}

compat::Outcome<> Supervisord::remove_group(const std::string& name) {
  const SharedGroup group = groups_.find_active(name);
  if (!group) return refusal(FaultCode::bad_name);
  if (!members_that_live(fleet(), *group).empty()) return refusal(FaultCode::still_running);
  std::vector<std::string> gone;
  for (const Process& process : group->processes) gone.push_back(service_name(process));
  if (auto stored = groups_.deactivate(name); !stored) return refusal(FaultCode::failed, stored.error());
  for (const std::string& service : gone) lives_.forget(service);
  if (auto done = apply(); !done) log(Level::critical, to_string(done.error()));  // it is stopped, and nobody's
  events_.remove(name);
  return {};
}

// -- Going down, and up again --

void Supervisord::shut_down() {
  if (groups_.stage() == Stage::ending) return;
  if (groups_.stage() != Stage::restarting) {
    events_.emit(compat::daemon_event(compat::EventType::supervisor_state_change_stopping));
  }
  if (auto stored = groups_.enter(Stage::ending); !stored) log(Level::critical, stored.error());
  going_down_.go_on();
}

void Supervisord::restart() {
  if (groups_.stage() != Stage::running) return;
  // Before anything ends for a configuration that says nothing.
  if (auto done = groups_.read(); !done) {
    return log(Level::critical, fmt::format("nothing is restarted: {}", done.error()));
  }
  events_.emit(compat::daemon_event(compat::EventType::supervisor_state_change_stopping));
  if (auto stored = groups_.enter(Stage::restarting); !stored) log(Level::critical, stored.error());
  going_down_.go_on();
}

void Supervisord::go_on_from_the_ground() {
  if (groups_.stage() == Stage::restarting) return start_anew();
  if (fleet().is_shutting_down()) return;
  tools_.engine.shut_down(0, {.kind = core::CauseKind::shutdown, .detail = "supervisord", .exit = std::nullopt});
}

void Supervisord::start_anew() {
  calls_.finish();
  servers_.reset();
  (void)::unlink(groups_.config().daemon.pidfile.c_str());
  for (const SharedGroup& group : groups_.active()) {
    for (const Process& process : group->processes) lives_.forget(service_name(process));
  }
  events_.clear();
  auto told = groups_.read();
  if (!told) log(Level::critical, fmt::format("it goes on with what was read before: {}", told.error()));
  if (auto opened = open_log(); !opened) log(Level::critical, opened.error());
  sweep();
  if (auto stored = groups_.activate_all(); !stored) log(Level::critical, stored.error());
  tell_start(told.value_or(Groups::Told()));
  open_servers_or_try_again();
  write_pidfile();
  activate_all();
}

}  // namespace foster::supervisor::supervisord
