// What can happen to an instance. Facts only: who reports one has not decided anything.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include <foster/exit_status.hpp>
#include <foster/ids.hpp>

#include "core/cause.hpp"
#include "core/time.hpp"

namespace foster::core {

/// Numbers the executions of an instance, from 1. An event names its run, so that a late one of an
/// old run is recognised and ignored.
using Run = std::uint32_t;

namespace event {

// Wishes. `cause` says whose.
struct Start {
  Cause cause;
};
struct Stop {
  Cause cause;
};
struct Restart {
  Cause cause;
};

// Facts about a run.
struct Spawned {
  Run run;
  Pid pid;
};
struct SpawnFailed {
  Run run;
  std::string error;
};
/// Nobody can tell any more whether the run was begun (the supervisor was lost in between), but no process
/// of it exists: no failure, it is begun anew.
struct SpawnLost {
  Run run;
};
/// The main process ended. Others of the run may still be alive; `Gone` comes when none is. With `pid`, an exit of
/// a process that is not (or no longer) the main one is recognised and ignored; say it whenever it is known.
struct MainExited {
  Run run;
  ExitStatus status;
  std::optional<Pid> pid = {};
};
/// No process of the run is alive.
struct Gone {
  Run run;
};
/// Another process is the main one now (a daemon that forked, MAINPID=).
struct MainPid {
  Run run;
  Pid pid;
};
/// `how` for people: "READY=1", "tcp 127.0.0.1:6390 answered".
struct Ready {
  Run run;
  std::string how;
};
/// The readiness probe found that it can never succeed (the launcher of a forking service failed).
struct NotReady {
  Run run;
  std::string why;
};
/// EXTEND_TIMEOUT_USEC=: the current deadline (ready or stop) is moved to `until`.
struct ExtendTimeout {
  Run run;
  Instant until;
};
/// WATCHDOG=1: alive. The first one arms the watchdog.
struct WatchdogPing {
  Run run;
  Duration period;
};
/// STOPPING=1: the service says it is going down by itself.
struct Stopping {
  Run run;
};

}  // namespace event

using Event = std::variant<event::Start, event::Stop, event::Restart, event::Spawned, event::SpawnFailed,
                           event::MainExited, event::Gone, event::MainPid, event::Ready, event::NotReady,
                           event::ExtendTimeout, event::WatchdogPing, event::Stopping, event::SpawnLost>;

}  // namespace foster::core
