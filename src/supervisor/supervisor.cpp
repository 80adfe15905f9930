#include "supervisor/supervisor.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "supervisor/control_socket.hpp"
#include "supervisor/parts.hpp"
#include "sys/clock.hpp"
#include "sys/open_files.hpp"

namespace foster::supervisor {

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
  parts.send(reaper::Plain{.header = {reaper::kWireVersion, reaper::MessageKind::up}});
  parts.guard.start(std::move(parts.watch));
  parts.apply_first_config();
  parts.loop.run();
  parts.server.reset();
  const Ending ending = parts.ending.value_or(Ending{});
  if (ending.kind == Ending::Kind::finished) {
    (void)parts.journal.flush(std::chrono::milliseconds(1000));  // a disk that refuses does not hold up the end
    if (parts.cgroups) (void)parts.cgroups->remove();
    parts.send(reaper::Finish{
        .header = {reaper::kWireVersion, reaper::MessageKind::finish}, .exit_code = ending.exit_code, .reserved = 0});
    // After the reaper was told: whoever dies before it is replaced, and goes on with going down.
    parts.forget_everything();
  }
  return ending;
}

}  // namespace foster::supervisor
