#include "supervisor/commands.hpp"

#include <algorithm>
#include <utility>

#include "config/load.hpp"
#include "logs/log_name.hpp"
#include "supervisor/adoption.hpp"
#include "supervisor/event_row.hpp"
#include "supervisor/log_cursor.hpp"
#include "sys/clock.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

using api::Problem;

std::unexpected<Problem> problem(Problem::Kind kind, std::string message) {
  return std::unexpected(Problem{kind, std::move(message), {}});
}

core::Cause requested_by(const api::Actor& actor) {
  return {.kind = core::CauseKind::requested, .detail = actor.description, .exit = std::nullopt};
}

api::Diagnostic to_api(const config::Diagnostic& found) {
  return {.file = found.file,
          .line = found.line,
          .column = found.column,
          .is_warning = found.severity == config::Severity::warning,
          .message = found.message,
          .hint = found.hint,
          .source_line = found.source};
}

std::vector<api::Diagnostic> to_api(const config::Diagnostics& found) {
  std::vector<api::Diagnostic> converted;
  converted.reserve(found.size());
  for (const config::Diagnostic& one : found) converted.push_back(to_api(one));
  return converted;
}

Problem bad_config(const config::Diagnostics& found) {
  return {Problem::Kind::bad_config, found.front().message, to_api(found)};
}

}  // namespace

api::Info Commands::info() const {
  return tools_.info();
}

api::Answer<Commands::Ids> Commands::match(const std::vector<std::string>& patterns) const {
  if (patterns.empty()) return fleet().ids();
  Ids ids;
  for (const std::string& pattern : patterns) {
    const Ids matched = fleet().match(pattern);
    if (matched.empty()) return problem(Problem::Kind::no_such_service, "no service is called " + pattern);
    for (const core::InstanceId id : matched) {
      if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
    }
  }
  return ids;
}

api::InstanceRow Commands::row(core::InstanceId id) const {
  api::InstanceRow row{.view = fleet().view(id), .log = {}, .since = {}, .cpu = {}, .memory = {}, .status = {}};
  row.since = sys::wall_time_of(row.view.since.time_since_epoch());
  const core::Service& service = fleet().service_of(id);
  row.log = logs::log_path(service, row.view.index, core::Stream::out, tools_.place.logs.path);
  row.stderr_log = logs::log_path(service, row.view.index, core::Stream::err, tools_.place.logs.path);
  const Instance* it = tools_.executor.find(id);
  if (it != nullptr) row.status = it->status;
  for (const core::Stream stream : kStreams) {
    const Output* output = it != nullptr ? it->outputs.find(stream) : nullptr;
    if (output != nullptr) {
      row.dropped_bytes += output->dropped();
      if (const auto& stuck = output->stuck()) row.log_trouble = to_string(*stuck);
    } else if (!(stream == core::Stream::out ? row.log : row.stderr_log).empty()) {
      row.dropped_bytes += logs::Losses(tools_.place.fifos, losses_name(fifo_name(id, stream))).total();
    }
  }
  if (row.view.pid) {
    if (const auto stat = sys::read_stat(*row.view.pid)) {
      row.cpu =
          std::chrono::duration_cast<std::chrono::microseconds>(sys::duration_of_ticks(stat->utime + stat->stime));
      row.memory = static_cast<std::uint64_t>(stat->rss) * sys::page_size();
    }
  }
  return row;
}

api::Answer<std::vector<api::InstanceRow>> Commands::list(const std::vector<std::string>& patterns) const {
  const auto ids = match(patterns);
  if (!ids) return std::unexpected(ids.error());
  std::vector<api::InstanceRow> rows;
  rows.reserve(ids->size());
  for (const core::InstanceId id : *ids) rows.push_back(row(id));
  return rows;
}

void Commands::wait_for(Ids ids, Goal goal, bool wait, api::Done<std::vector<api::Outcome>> done) {
  if (!wait) {
    std::vector<api::Outcome> outcomes;
    for (const core::InstanceId id : ids) {
      const core::InstanceView view = fleet().view(id);
      outcomes.push_back({view.name, true, view.state, {}});
    }
    done(std::move(outcomes));
    return;
  }
  tools_.waiters.add(
      fleet(), ids, goal,
      [done = std::move(done)](std::vector<api::Outcome> outcomes) mutable { done(std::move(outcomes)); });
}

void Commands::change(api::ChangeRequest request, const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) {
  if (fleet().is_shutting_down() && request.verb != api::Verb::stop) {
    done(problem(Problem::Kind::conflict, "foster is going down"));
    return;
  }
  auto ids = match(request.patterns);
  if (!ids) {
    done(std::unexpected(ids.error()));
    return;
  }
  const core::Cause cause = requested_by(actor);
  const auto [event, goal] = [&]() -> std::pair<core::Event, Goal> {
    switch (request.verb) {
      case api::Verb::start:
        return {core::event::Start{cause}, Goal::up};
      case api::Verb::stop:
        return {core::event::Stop{cause}, Goal::down};
      case api::Verb::restart:
        return {core::event::Restart{cause}, Goal::restarted};
    }
    std::unreachable();
  }();
  if (request.wait) {
    // Asked for before the deed, so that the run before it is known; answered at the earliest after it.
    wait_for(*ids, goal, true, std::move(done));
    tools_.engine.report(*ids, event);
  } else {
    tools_.engine.report(*ids, event);
    wait_for(std::move(*ids), goal, false, std::move(done));
  }
}

void Commands::signal(std::vector<std::string> patterns, Signal signal, const api::Actor&,
                      api::Done<std::vector<api::Outcome>> done) {
  const auto ids = match(patterns);
  if (!ids) {
    done(std::unexpected(ids.error()));
    return;
  }
  std::vector<api::Outcome> outcomes;
  for (const core::InstanceId id : *ids) {
    const core::InstanceView view = fleet().view(id);
    const auto sent = tools_.executor.send_signal(id, signal);
    const bool is_absent = !sent && sent.error().code == ESRCH;
    const std::string why = is_absent ? "not running" : sent ? std::string() : to_string(sent.error());
    outcomes.push_back({view.name, sent.has_value(), view.state, why});
  }
  done(std::move(outcomes));
}

Definitions Commands::in_force() const {
  return {.model = fleet().model(), .origin = tools_.origin};
}

Result<> Commands::put_in_force(Definitions definitions, const core::Cause& cause) {
  const std::string next = tools_.directories.next_config();
  if (auto stored = store_definitions(next, definitions.model, definitions.origin); !stored) return stored;
  tools_.origin = std::move(definitions.origin);
  tools_.engine.apply(std::move(definitions.model), cause, [next, applied = tools_.directories.applied_config()] {
    (void)promote_definitions(next, applied);  // where that cannot be, a supervisor that recovers applies it once more
  });
  for (const core::InstanceId id : fleet().ids()) tools_.executor.update(id);
  return {};
}

void Commands::apply(api::ApplyRequest request, const api::Actor& actor, api::Done<api::Applied> done) {
  if (fleet().is_shutting_down()) {
    done(problem(Problem::Kind::conflict, "foster is going down"));
    return;
  }
  if (tools_.stands_in()) {
    done(problem(Problem::Kind::conflict,
                 "it runs in the place of supervisord: what has changed is applied by supervisorctl update"));
    return;
  }
  auto loaded = config::load_file(request.config);
  if (!loaded) {
    done(std::unexpected(bad_config(loaded.error())));
    return;
  }
  api::Applied applied{.changes = {}, .warnings = to_api(loaded->warnings), .outcomes = {}};
  Definitions wanted{.model = with_ad_hoc(std::move(loaded->model), fleet().model(), tools_.origin),
                     .origin = {.config = loaded->path, .ad_hoc = tools_.origin.ad_hoc}};
  applied.changes = fleet().plan(wanted.model);
  if (request.dry_run) {
    done(std::move(applied));
    return;
  }
  if (auto done_so = put_in_force(std::move(wanted), requested_by(actor)); !done_so) {
    done(problem(Problem::Kind::failed, "cannot keep the new config: " + to_string(done_so.error())));
    return;
  }
  Ids up;
  for (const core::InstanceId id : fleet().ids()) {
    if (fleet().view(id).wanted) up.push_back(id);
  }
  wait_for(
      std::move(up), Goal::up, request.wait,
      [applied = std::move(applied), done = std::move(done)](api::Answer<std::vector<api::Outcome>> answer) mutable {
        applied.outcomes = std::move(*answer);
        done(std::move(applied));
      });
  tools_.waiters.check(fleet());
}

void Commands::run(api::RunRequest request, const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) {
  if (fleet().is_shutting_down()) {
    done(problem(Problem::Kind::conflict, "foster is going down"));
    return;
  }
  auto service = config::service_from_json(request.name, request.definition, "/");
  if (!service) {
    Problem found = bad_config(service.error());
    found.kind = Problem::Kind::bad_request;
    done(std::unexpected(std::move(found)));
    return;
  }
  Definitions wanted = in_force();
  const auto old = std::ranges::find(wanted.model.services, request.name, &core::Service::name);
  if (old != wanted.model.services.end()) {
    const bool is_up = std::ranges::any_of(fleet().match(request.name), [&](core::InstanceId id) {
      const core::InstanceView view = fleet().view(id);
      return view.wanted || core::may_be_alive(view.state);
    });
    const bool is_declared = !wanted.origin.ad_hoc.contains(request.name);
    if (is_up || is_declared || !request.replace) {
      done(problem(Problem::Kind::conflict,
                   request.name + (is_up         ? " is running already"
                                   : is_declared ? " is a service of the config"
                                                 : " exists already; replace it with --replace")));
      return;
    }
    *old = std::move(*service);
  } else {
    wanted.model.services.push_back(std::move(*service));
  }
  wanted.origin.ad_hoc.insert(request.name);
  if (auto done_so = put_in_force(std::move(wanted), requested_by(actor)); !done_so) {
    done(problem(Problem::Kind::failed, "cannot keep the new service: " + to_string(done_so.error())));
    return;
  }
  Ids ids = fleet().match(request.name);
  tools_.engine.report(ids, core::event::Start{requested_by(actor)});
  wait_for(std::move(ids), Goal::up, request.wait, std::move(done));
  tools_.waiters.check(fleet());
}

std::string Commands::owner_of(Pid pid) const {
  for (const core::InstanceId id : fleet().ids()) {
    const Instance* it = tools_.executor.find(id);
    if (it != nullptr && it->run != 0 && it->process && it->process->pid() == pid) return fleet().view(id).name;
  }
  // What a service has started is the service's.
  for (const core::InstanceId id : fleet().ids()) {
    const Instance* it = tools_.executor.find(id);
    if (it == nullptr || it->run == 0) continue;
    if (tools_.executor.is_of_run(id, it->run, pid)) return "it belongs to " + fleet().view(id).name;
  }
  return {};
}

void Commands::adopt(api::AdoptRequest request, const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) {
  const auto refuse = [&done](Problem why) { done(std::unexpected(std::move(why))); };
  if (fleet().is_shutting_down()) return refuse({Problem::Kind::conflict, "foster is going down", {}});
  const auto& services = fleet().model().services;
  if (std::ranges::find(services, request.name, &core::Service::name) != services.end()) {
    return refuse({Problem::Kind::conflict, request.name + " exists already", {}});
  }
  auto process =
      find_adoptee(request, {.reaper = Pid(tools_.info().reaper), .owner = [this](Pid pid) { return owner_of(pid); }});
  if (!process) return refuse(std::move(process.error()));
  const std::string definition = request.definition.empty() ? definition_of(process->pid()) : request.definition;
  auto service = config::service_from_json(request.name, definition, "/");
  if (!service) {
    Problem found = bad_config(service.error());
    found.kind = Problem::Kind::bad_request;
    return refuse(std::move(found));
  }
  if (service->workers != 1 || service->type != core::ServiceType::simple || !service->needs.empty()) {
    return refuse({Problem::Kind::bad_request, "what is adopted is one process: no workers, type or needs", {}});
  }
  service->autostart = false;  // nothing else may start it before the process is in its place
  Definitions wanted = in_force();
  wanted.model.services.push_back(std::move(*service));
  wanted.origin.ad_hoc.insert(request.name);
  if (auto done_so = put_in_force(std::move(wanted), requested_by(actor)); !done_so) {
    return refuse({Problem::Kind::failed, "cannot keep the new service: " + to_string(done_so.error()), {}});
  }
  Ids ids = fleet().match(request.name);
  tools_.executor.adopt_next(ids.front(), std::move(*process));
  tools_.engine.report(ids, core::event::Start{requested_by(actor)});
  wait_for(std::move(ids), Goal::up, true, std::move(done));
  tools_.waiters.check(fleet());
}

void Commands::upgrade(api::UpgradeRequest request, const api::Actor&, api::Done<api::Upgraded> done) {
  if (fleet().is_shutting_down()) {
    done(problem(Problem::Kind::conflict, "foster is going down"));
    return;
  }
  tools_.upgrade.begin(request.program, std::move(done));
}

void Commands::shut_down(const api::Actor& actor, api::Done<std::vector<api::Outcome>> done) {
  wait_for(fleet().ids(), Goal::down, true, std::move(done));
  tools_.engine.shut_down(0, {.kind = core::CauseKind::shutdown, .detail = actor.description, .exit = std::nullopt});
}

api::Answer<std::vector<api::EventRow>> Commands::history(const std::string& name, std::size_t most) const {
  if (!name.empty() && !fleet().find(name))
    return problem(Problem::Kind::no_such_service, "no instance is called " + name);
  tools_.tell();
  auto records = tools_.journal.history({.instance = name, .after = std::nullopt, .most = most});
  if (!records) return tools_.events.recent(name, most);  // the disk refuses: what memory still has
  std::vector<api::EventRow> rows;
  rows.reserve(records->size());
  for (const journal::EventRecord& record : *records) rows.push_back(to_row(record));
  return rows;
}

api::Answer<std::unique_ptr<api::LogCursor>> Commands::open_log(const api::LogRequest& request) {
  const Ids ids = fleet().match(request.name);
  if (ids.empty()) return problem(Problem::Kind::no_such_service, "no service is called " + request.name);
  if (ids.size() > 1) return problem(Problem::Kind::bad_request, request.name + " names several instances");
  const core::InstanceId id = ids.front();
  const core::InstanceView view = fleet().view(id);
  const core::Service& service = fleet().service_of(id);
  const std::string path = logs::log_path(service, view.index, request.stream, tools_.place.logs.path);
  if (path.empty()) {
    const bool is_stderr = request.stream == core::Stream::err;
    return problem(Problem::Kind::failed,
                   view.name + (is_stderr ? " keeps no log of stderr apart" : " keeps no log (log = \"none\")"));
  }
  tools_.executor.drain_output(id);
  const auto place = logs::find_log_place(path, tools_.place.logs);
  if (!place) return problem(Problem::Kind::failed, to_string(place.error()));
  if (!place->keeps())
    return problem(Problem::Kind::failed, view.name + " writes to " + path + ", which keeps nothing");
  const BorrowedFd directory = place->directory;
  const std::string& file = place->file_name;
  auto reader = !request.resume.empty() ? logs::LogReader::from_position(directory, file, request.resume)
                : request.last_lines    ? logs::LogReader::from_last_lines(directory, file, *request.last_lines)
                                        : logs::LogReader::from_oldest(directory, file);
  if (!reader) return problem(Problem::Kind::failed, to_string(reader.error()));
  const auto find_output = [this, instance = view.name, stream = request.stream]() -> Output* {
    const auto found = fleet().find(instance);
    Instance* it = found ? tools_.executor.find(*found) : nullptr;
    return it != nullptr ? it->outputs.find(stream) : nullptr;
  };
  return std::make_unique<LogCursor>(tools_.loop, std::move(*reader), find_output);
}

std::unique_ptr<api::EventCursor> Commands::follow_events(std::optional<std::uint64_t> after) {
  tools_.tell();
  return tools_.events.follow(after);
}

void Commands::reload() {
  if (tools_.origin.config.empty()) return;
  const api::Actor hangup{.uid = 0, .pid = 0, .description = "SIGHUP"};
  apply({.config = tools_.origin.config, .dry_run = false, .wait = false}, hangup, [](const auto&) {});
}

}  // namespace foster::supervisor
