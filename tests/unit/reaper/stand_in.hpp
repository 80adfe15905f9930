// A supervisor for the reaper's tests: this test program itself, executed under the supervisor's name. It writes
// what happens to it into a log, one line an event, and has the vices it is asked to have.
#pragma once

namespace foster::reaper::testing {

/// The first argument of a stand-in.
inline constexpr const char* kSupervisorName = "foster: supervisor";

/// Options besides those of the reaper (reaper/supervisor_process.hpp):
///   --log FILE      where to write; "start PID NANOSECONDS" comes first
///   --finish CODE   on SIGTERM told by the reaper: `finish` with this code, then leave
///   --silent        never says `up`
///   --exit CODE     leaves with this code at once, after `up`
///   --deaf          reads nothing until it gets a SIGUSR1 of its own
///   --hold FIFO     opens it and has it held for slot 7, as the last listener, and as the names of listeners; a
///                   SIGUSR2 told by the reaper releases the first of them, a SIGURG the second
/// A SIGHUP told by the reaper makes it abort; a SIGUSR1, start a sibling that exits with 42.
int stand_in_main(int argc, char** argv);

}  // namespace foster::reaper::testing
