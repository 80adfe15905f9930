// A process that does what it is told, one deed at a time: forks, makes sessions, waits or does not, ends. The
// demonstrations of `foster explain` are played by such ones. Looking for who tells them? cli/explain/stage.hpp
#pragma once

#include <cstddef>

namespace foster::cli {

/// argv[0] of a foster that is one.
inline constexpr const char* kPuppetRole = "foster: puppet";

/// As many can be on one stage.
inline constexpr std::size_t kMostPuppets = 6;
/// Puppet N hears on this descriptor and the N after it; whom a puppet forks takes the next part.
inline constexpr int kFirstPuppetFd = 10;

/// Does what comes on its channel until that closes. A message is a verb with its words:
///
///     fork N          a child, which goes on as puppet N; answered with its pid
///     name NAME       what the kernel calls it
///     session         setsid
///     group           a process group of its own
///     terminal PATH   opens it, which makes it the controlling terminal of a session leader without one
///     foreground      moves its group to the foreground of its terminal
///     ignore SIGNAL   by number, as the next two
///     default SIGNAL
///     adopt           becomes a subreaper
///     wait            takes the statuses of all children that have ended; answered with their number
///     pidfile PATH    takes it, and holds it
///     ready ADDRESS   tells a supervisor that listens there that it is ready
///     end-group PGID  sends SIGTERM to a group whose leader it has not waited for
///     listen NAME     at a socket of this abstract name, which its children inherit
///     serve           answers every client with its pid from now on
///     exit CODE
///
/// Each is answered: "ok", perhaps with a number, or "error", a number of errno, and the step.
int run_puppet();

}  // namespace foster::cli
