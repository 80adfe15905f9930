// Becoming a daemon in a program that runs threads already: it is started anew, detached, and tells the launcher when
// it is ready. For a program with one thread foster/daemonize.hpp is simpler.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <foster/daemonize.hpp>
#include <foster/fd.hpp>
#include <foster/result.hpp>

namespace foster {

/// A descriptor to hand to the daemon, under a name.
struct HandedFd {
  std::string name;
  BorrowedFd fd;  ///< Stays the launcher's; the daemon gets one of its own for the same file.
};

/// The program to be.
struct ReexecOptions {
  /// The default is the very file that runs now, also when another one has its name meanwhile. A different program
  /// has to be built with the same libfoster.
  std::filesystem::path program = "/proc/self/exe";
  /// All words, argv[0] included; empty means those that this process was started with.
  std::optional<std::vector<std::string>> arguments = {};
  /// "NAME=value", complete; empty means the environment as it is.
  std::optional<std::vector<std::string>> environment = {};
  /// At most 16. `DaemonizeOptions::keep_descriptors`, in contrast, stay open under their numbers.
  std::vector<HandedFd> descriptors = {};
};

/// The re-executed program's side.
class ReexecDaemon {
 public:
  /// To be told `ready`, or to `fail`.
  [[nodiscard]] Daemon& daemon() noexcept { return daemon_; }

  /// The descriptor of that name, close-on-exec; empty when none came, or when it was taken before.
  [[nodiscard]] UniqueFd take(std::string_view name) noexcept;

 private:
  friend struct DaemonAccess;
  struct Received {
    std::string name;
    UniqueFd fd;
  };
  ReexecDaemon(Daemon daemon, std::vector<Received> descriptors) noexcept;

  Daemon daemon_;
  std::vector<Received> descriptors_;
};

/// Starts the program anew as a daemon, and returns when that is ready, has failed, or `options.patience` has passed.
/// Unlike `daemonize` it returns in the launcher, whose threads go on; ending it is up to the caller:
/// `return report->exit_code;`.
///
/// The new program must call `reexec_daemon` first thing in `main`. There the steps of `options` are taken, so that
/// a daemon gets the same session, directory, umask, streams, pidfile and identity as from `daemonize`. Signals are
/// reset whatever `reset_signals` says. `fork` must be true; the pidfile and the streams are opened by the daemon.
///
/// @return  `LaunchReport::message` is what the daemon said with `ready`; `error` and `exit_code` are the daemon's.
/// @errors  Before anything has happened: those of `detach` but `EBUSY`; `EINVAL` more than 16 descriptors, or a zero
///          byte in a text; `E2BIG` options of more than 64 KiB; `EDEADLK` this process itself was started by
///          `daemonize_by_reexec` and did not call `reexec_daemon`. "clone" with `EAGAIN`; "exec PROGRAM" with `ENOENT`
///          or `EACCES`.
/// @blocks  As `detach`.
/// @threads Any, and any number of them: nothing is forked, the new process shares no memory with this one.
/// @example examples/reexec.cpp
[[nodiscard]] Result<LaunchReport> daemonize_by_reexec(const DaemonizeOptions& options = {},
                                                       const ReexecOptions& reexec = {});

/// Tells whether this process was started by `daemonize_by_reexec`, once; and if so, takes the steps and returns as
/// the daemon. Call it first thing in `main`, before there are threads: with `fork_again` it forks. Its variable,
/// FOSTER_REEXEC, is removed from the environment.
///
/// @return  Empty in a process that was started in any other way, and at every later call.
/// @errors  None here: when a step fails, or threads run already, the launcher is told and this process ends.
/// @threads Not while others use the environment.
[[nodiscard]] std::optional<ReexecDaemon> reexec_daemon();

}  // namespace foster
