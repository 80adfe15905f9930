// Where one foster keeps its things. Directories are found by rule, made private, and refused when they are not ours.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster::sys {

// The files of a runtime directory.
inline constexpr const char* kControlSocket = "control.sock";
inline constexpr const char* kLedgerFile = "ledger";
inline constexpr const char* kLockFile = "lock";
inline constexpr const char* kFifoDirectory = "fifo";
inline constexpr const char* kAppliedConfig = "applied.toml";
inline constexpr const char* kNextConfig = "next.toml";
inline constexpr const char* kSpoolFile = "history";

/// The three directories of one instance name, absolute, whether they exist or not.
struct Directories {
  std::string runtime;  ///< On tmpfs, gone at boot: socket, ledger, lock, FIFOs.
  std::string state;    ///< Kept: the journal.
  std::string logs;     ///< Kept: what services wrote.

  [[nodiscard]] std::string control_socket() const { return runtime + "/" + kControlSocket; }
  [[nodiscard]] std::string ledger() const { return runtime + "/" + kLedgerFile; }
  [[nodiscard]] std::string lock() const { return runtime + "/" + kLockFile; }
  [[nodiscard]] std::string fifos() const { return runtime + "/" + kFifoDirectory; }
  [[nodiscard]] std::string applied_config() const { return runtime + "/" + kAppliedConfig; }
  [[nodiscard]] std::string next_config() const { return runtime + "/" + kNextConfig; }

  friend bool operator==(const Directories&, const Directories&) = default;
};

/// The directories of `name` for this user. FOSTER_RUNTIME_DIR, FOSTER_STATE_DIR and FOSTER_LOG_DIR each name a base
/// in which the instance has a directory of its name. Without them: /run/foster, /var/lib/foster and /var/log/foster
/// for root; for others $XDG_RUNTIME_DIR/foster (or /tmp/foster-UID), $XDG_STATE_HOME/foster (or
/// ~/.local/state/foster), and the subdirectory "log" of the state directory.
///
/// @errors `EINVAL` the name is empty, ".", "..", longer than 64 bytes, or holds a slash or a control character;
///         `ENOENT` no home directory is known. A relative base is taken from the current directory.
[[nodiscard]] Result<Directories> directories_for(std::string_view name, uid_t uid);

/// The directory that holds the runtime directories of all instances of this user.
[[nodiscard]] Result<std::string> runtime_base(uid_t uid);

/// Makes the directory, and missing ones above it, with mode 0700, and opens it. What exists is used only if it is a
/// directory (no symlink), owned by the effective user, and not writable for group or others.
/// @errors `EPERM` refused; the detail names the directory and why. `ENOTDIR`, and those of mkdir(2).
[[nodiscard]] Result<UniqueFd> prepare_directory(const std::string& path);

/// The directories of one instance, open.
struct PreparedDirectories {
  UniqueFd runtime;
  UniqueFd fifos;
  UniqueFd state;
  UniqueFd logs;
};

/// `prepare_directory` for all of them, and for the FIFOs' one. The base below /tmp is held to the same rules.
[[nodiscard]] Result<PreparedDirectories> prepare(const Directories& directories);

/// Names in this runtime base that have a lock file, sorted: instances that run, or once did. Empty when the base is
/// missing or cannot be read.
[[nodiscard]] std::vector<std::string> list_instances(const std::string& base);

/// Takes the lock of a runtime directory without waiting, and writes our pid into the file. It is held until every
/// copy of the descriptor is closed; the file is never removed.
/// @errors `EWOULDBLOCK` somebody holds it; the detail names the file and the holder's pid where it is known.
/// @fork   A child shares it until it execs or exits.
[[nodiscard]] Result<UniqueFd> take_lock(const std::string& path);

/// Writes into a lock's file who holds it from now on: for whoever inherited it.
[[nodiscard]] Result<> write_lock_holder(BorrowedFd lock, Pid holder);

}  // namespace foster::sys
