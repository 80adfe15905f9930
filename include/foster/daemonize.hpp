// Becoming a daemon: every classical step is a field of one options struct, and the launcher returns only when the
// daemon is ready or has failed.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/pidfile.hpp>
#include <foster/result.hpp>
#include <foster/user_and_group.hpp>

namespace foster {

/// Leave the stream as it is.
struct KeepStream {};
/// Read nothing, write nowhere: /dev/null.
struct NullStream {};
/// Append to this file, made with mode 0666 less the umask; for standard input, read it. A relative path is seen
/// from `DaemonizeOptions::directory`.
struct FileStream {
  std::filesystem::path path;
};
using StreamTarget = std::variant<KeepStream, NullStream, FileStream>;

/// Who removes the pidfile in the end.
enum class PidfileRemoval {
  /// A small child process that the daemon's wait(2) does not see. It waits for the daemon's end and then removes the
  /// file, whatever that end was: exit, abort, SIGKILL. It keeps the rights of before `identity`, so that it can.
  after_any_end,
  /// Only the destructor of `Daemon`. Other ends leave the file, without its lock: harmless to whoever asks
  /// `pidfile_holder`, misleading for whoever believes the number.
  by_destructor,
};

/// The classical steps, in the order in which they are taken. A field set to `false` or left empty leaves its
/// step out; the defaults are what a daemon wants.
struct DaemonizeOptions {
  /// Fork, and let the first process wait for the second. Without it the calling process itself becomes the
  /// daemon, `new_session` fails for a process group leader, and readiness has nobody to go to.
  bool fork = true;
  /// setsid(2): a new session and process group, and no controlling terminal.
  bool new_session = true;
  /// Fork again, so that the daemon leads no session and can never get a controlling terminal by opening one.
  /// Nothing without `fork`.
  bool fork_again = true;
  /// Every signal to its default, ignored ones too, and none blocked.
  bool reset_signals = true;
  /// Where to work. The default keeps no file system busy.
  std::optional<std::filesystem::path> directory = "/";
  /// The default lets nobody else write the daemon's files.
  std::optional<mode_t> umask = 022;
  /// Standard streams are redirected, never just closed: the next open file would take the number.
  StreamTarget standard_input = NullStream{};
  StreamTarget standard_output = NullStream{};
  StreamTarget standard_error = NullStream{};
  /// Close every descriptor from 3 up that is not in `keep_descriptors`.
  bool close_descriptors = true;
  std::vector<int> keep_descriptors = {};
  /// Taken by the daemon itself, before it drops its rights, and removed when the `Daemon` is destroyed. Absolute.
  std::optional<std::filesystem::path> pidfile = {};
  /// Nothing without `pidfile`.
  PidfileRemoval pidfile_removal = PidfileRemoval::after_any_end;
  /// Supplementary groups, then the group, then the user; checked that there is no way back. A daemon that
  /// needs its rights a while longer, to bind a low port for example, calls `drop_privileges` itself.
  std::optional<UserAndGroup> identity = {};
  /// How long the launcher waits for `Daemon::ready`; empty means for as long as the daemon lives. When it has
  /// passed, the daemon is killed: half a start is a failed start.
  std::optional<std::chrono::milliseconds> patience = {};
};

/// The daemon's side of a finished detachment.
class Daemon {
 public:
  Daemon(Daemon&&) noexcept = default;
  Daemon& operator=(Daemon&&) noexcept = default;
  ~Daemon() = default;

  /// Lets the launcher go, with exit code 0. Only the first call counts. A launcher that was killed meanwhile is
  /// no error: the daemon is up all the same.
  /// @param message For the launcher's `LaunchReport`, such as the address that was bound; the first 2047 bytes of it.
  void ready(std::string_view message = {}) noexcept;

  /// Hands the launcher this error, to print and to exit with `exit_code`, and returns that code for `main`:
  /// `return daemon.fail(error);`. The launcher waits until this process has ended. After `ready` only the returned
  /// value is left.
  int fail(const Error& error, int exit_code = 1) noexcept;

  /// The pidfile it holds, if one was asked for.
  [[nodiscard]] const std::optional<Pidfile>& pidfile() const noexcept { return pidfile_; }

 private:
  friend struct DaemonAccess;
  Daemon(UniqueFd launcher, std::optional<Pidfile> pidfile) noexcept;

  UniqueFd launcher_;
  std::optional<Pidfile> pidfile_;
};

/// The launcher's side: how the start ended.
struct LaunchReport {
  /// 0 once the daemon is ready; otherwise what the daemon said or exited with (128 + n for a signal), never 0.
  int exit_code = 0;
  std::optional<Pid> daemon = {};   ///< Where it became ready.
  std::optional<Error> error = {};  ///< Why it did not.
  std::string message = {};         ///< What the daemon said when it was ready.
};

/// What comes back, in two processes: in the daemon and in the launcher.
using Detached = std::variant<Daemon, LaunchReport>;

/// Detaches, and returns in both processes. For a launcher that has more to do; most programs want `daemonize`.
/// The launcher's other state is untouched; standard output and every other `FILE*` are flushed once, before the first
/// fork. Buffers of your own, a `std::ofstream`'s for example, are copied by fork(2): flush them first.
///
/// @errors  In the caller, before anything has happened: `EBUSY` more than one thread runs, and a fork would
///          leave the others' locks held for ever (`daemonize_by_reexec` can do it); `EINVAL` an unusable option,
///          `EBADF` a descriptor to keep that is not open; code 0 an unknown
///          user or group ("user www-dat: no such user"); `EAGAIN` no process to be had. A step that fails after the
///          fork is the launcher's `LaunchReport::error` (without `fork`: returned here), and the half-made daemon is
///          gone.
/// @blocks  In the launcher, until the daemon is ready, has failed, or `patience` has passed.
/// @fork    Two forks; atexit handlers run in neither of the processes that vanish.
[[nodiscard]] Result<Detached> detach(const DaemonizeOptions& options = {});

/// Detaches, and returns in the daemon only. The launcher prints the daemon's error, if there is one, as one line
/// on standard error ("bind 0.0.0.0:80: Permission denied"), and leaves the program with its exit code.
///
/// @errors  As `detach`.
/// @blocks  In the launcher, as `detach`.
/// @example examples/daemonize.cpp
[[nodiscard]] Result<Daemon> daemonize(const DaemonizeOptions& options = {});

/// Gives up root for good: supplementary groups, then the group, then the user, in all threads, and then makes sure
/// that root cannot be had again. For a process that already is that user and group it does nothing.
///
/// @errors Code 0 an unknown user or group ("user www-dat: no such user"); `EPERM` not root. On error the process may
/// be half-way: end it.
[[nodiscard]] Result<> drop_privileges(const UserAndGroup& identity);

}  // namespace foster
