// What of the parts concerns how a supervisor takes over from an earlier one, and how it ends.
#include "supervisor/parts.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <utility>

#include "config/supervisord/kept.hpp"
#include "supervisor/event_row.hpp"
#include "supervisor/probes.hpp"
#include "sys/clock.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

// Clients that read nothing do not hold up the end.
constexpr auto kFarewell = 2s;
constexpr auto kFarewellBeforeTheNext = 100ms;
constexpr int kBadConfig = 78;

}  // namespace

Result<> Supervisor::Parts::recover() {
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

void Supervisor::Parts::take_up_history() {
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
Result<> Supervisor::Parts::finish_change() {
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

Result<> Supervisor::Parts::stand_in_for_supervisord(supervisord::Supervisord::Beginning how) {
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

void Supervisor::Parts::apply_first_config() {
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

void Supervisor::Parts::end(Ending how) {
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
void Supervisor::Parts::forget_everything() {
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

}  // namespace foster::supervisor
