// What a supervisor is made of. The inside of one class: included by supervisor.cpp, parts.cpp and
// parts_start_and_end.cpp, and by nobody else.
#pragma once

#include <sys/resource.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "api/server.hpp"
#include "api/service.hpp"
#include "core/action.hpp"
#include "core/fleet.hpp"
#include "core/model.hpp"
#include "journal/journal.hpp"
#include "ledger/ledger.hpp"
#include "reaper/handover.hpp"
#include "reaper/wire.hpp"
#include "supervisor/commands.hpp"
#include "supervisor/definitions.hpp"
#include "supervisor/engine.hpp"
#include "supervisor/event_log.hpp"
#include "supervisor/executor.hpp"
#include "supervisor/exits.hpp"
#include "supervisor/listeners.hpp"
#include "supervisor/loop.hpp"
#include "supervisor/output.hpp"
#include "supervisor/recover.hpp"
#include "supervisor/runtime_guard.hpp"
#include "supervisor/supervisor.hpp"
#include "supervisor/supervisord/supervisord.hpp"
#include "supervisor/upgrade.hpp"
#include "supervisor/waiters.hpp"
#include "sys/cgroup.hpp"
#include "sys/channel.hpp"
#include "sys/fd_lane.hpp"
#include "sys/runtime_dir.hpp"
#include "sys/system_log.hpp"

namespace foster::supervisor {

struct Supervisor::Parts {
  Parts(Options given, reaper::Inherited from_reaper, std::optional<sys::FdLane> reserved, rlimit files,
        sys::PreparedDirectories opened, ledger::Ledger found, journal::Journal history, Definitions applied,
        Remembered past);

  // While it runs: parts.cpp.
  [[nodiscard]] OutputPlace place() const;
  [[nodiscard]] core::Fleet first_fleet(core::Model model) const;
  [[nodiscard]] api::Info info() const;
  [[nodiscard]] Result<> keep_definitions() const;
  void remember_name(core::InstanceId id);
  void announce(std::span<const core::InstanceId> changed, const core::Actions& actions);
  void store(core::InstanceId id);
  void execute(const core::Action& action);
  void settle();
  void tell();
  void handle_signal(const reaper::Signalled& signalled);

  template <class Message>
  void send(const Message& message) {
    (void)channel.send(bytes_of(message));  // its reader is the reaper, which always reads
  }

  // How it comes and goes: parts_start_and_end.cpp.
  [[nodiscard]] Result<> recover();
  void take_up_history();
  [[nodiscard]] Result<> finish_change();
  [[nodiscard]] Result<> stand_in_for_supervisord(supervisord::Supervisord::Beginning how);
  void apply_first_config();
  void end(Ending how);
  void forget_everything();

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

}  // namespace foster::supervisor
