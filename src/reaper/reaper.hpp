// The parent of everything: adopts, reaps, tells the supervisor, and starts it again when it is gone. Too small to
// crash: after its start it takes no heap, reads no config and writes no log.
#pragma once

#include <string>
#include <vector>

#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster::reaper {

struct Options {
  std::string program{};            ///< The foster binary, for execve: /proc/self/exe resolved.
  std::string runtime_directory{};  ///< Exists; the ledger lies there.
  std::string instance_name{};
  /// What the supervisor is told besides its descriptors (reaper/supervisor_process.hpp, SupervisorRecipe).
  std::vector<std::string> supervisor_arguments{};
  /// The lock on the instance. Held by reaper and supervisor together, so that it lasts while one of them lives.
  UniqueFd instance_lock{};
  /// Where the first supervisor says that it is ready. The reaper's own copy is closed at once: the other end sees
  /// the end of file when that supervisor dies before it is ready. Empty: nobody waits.
  UniqueFd ready_fd{};
  /// What a supervisor held that has become this reaper, because the one before was lost: FIFOs and pidfds, as a
  /// handover (reaper/handover.hpp). Empty: nothing.
  UniqueFd bequest{};
  /// What this process knew before an upgrade (reaper/handover.hpp): it goes on, and does not begin. Then there is
  /// no lock and no `ready_fd` here; they come with it.
  UniqueFd takeover{};
};

/// Is the reaper, until everything is down. The calling process becomes a subreaper unless it is pid 1, and is
/// called "foster: reaper"; it must have one thread and be done with its own children.
///
/// - Every child that ends is told to the supervisor, then reaped. While the socket is full nothing is reaped, the
///   supervisor alone excepted: zombies wait in the kernel. Exits are numbered on from the ledger's last one.
/// - Every signal that can be blocked, faults and terminal stops apart, is told to the supervisor; none acts here.
///   LastResort (reaper/keep_alive.hpp) is the exception: everything is killed, and the exit code is 128 + n.
/// - A supervisor that ends without `finish` is started again, as KeepAlive says. A request to end does not wait
///   for that delay. The very first one is not started again when it ends by itself before it said `up` and the
///   ledger knows of nothing that could still run: a start that failed has failed, with its exit code.
/// - After `upgrade` the process executes that program with everything it holds, and goes on there. Where that fails
///   it goes on as it is.
/// - After `finish`, the end of the supervisor is the end: as pid 1 everything else is ended first.
///
/// @return The exit code for `main`.
/// @errors What is missing before the first supervisor is started: the ledger's (ledger/ledger.hpp), `ENOENT` the
///         runtime directory, `EMFILE`. Nothing runs then.
/// @blocks For life.
[[nodiscard]] Result<int> run(Options options);

}  // namespace foster::reaper
