// A pidfile that cannot lie: the held lock is the truth, the number in it a courtesy.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster {

/// A held pidfile. Movable; destroying it removes the file and then lets go of the lock.
///
/// @fork A child shares the lock until it execs or exits; it never removes the file.
class Pidfile {
 public:
  Pidfile(Pidfile&& other) noexcept;
  Pidfile& operator=(Pidfile&& other) noexcept;
  Pidfile(const Pidfile&) = delete;
  Pidfile& operator=(const Pidfile&) = delete;
  ~Pidfile();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// The locked file: whoever closes descriptors wholesale must spare it, or the lock is gone.
  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_; }

 private:
  friend Result<Pidfile> take_pidfile(const std::filesystem::path& path, std::chrono::milliseconds patience);

  Pidfile(std::filesystem::path path, UniqueFd fd, Pid owner) noexcept;
  void remove() noexcept;

  std::filesystem::path path_;
  UniqueFd fd_;
  Pid owner_;
};

/// Takes the pidfile at `path` for this process, and holds it until the result is destroyed.
///
/// The lock decides, not the number: a file left by a crash is taken over, a file whose owner lives is refused.
/// The pid is written once the lock is held, so a torn file means no owner. After locking, the path is looked up
/// again: the last holder may have removed the inode we hold.
///
/// The lock is an open file description lock (`F_OFD_SETLK`) on the file, which excludes the record locks of lockf(3)
/// and fcntl(2) as well, and can be asked for without being taken; flock(1) does not see it. Beside it, a record lock
/// on one byte far behind the end signs it: of that the kernel names the owner.
///
/// When the file cannot be removed at the end (the directory belongs to root, the process no longer), it is
/// emptied, and the next holder takes it over.
///
/// @param path     Absolute. Its directory must exist; it is never created. A symbolic link is refused.
/// @param patience How long to wait for another holder; zero means do not wait. A lock without an owner, which is one
///                 that is just being taken or let go, is given a second all the same.
/// @return  The held pidfile, never an empty one. Destroying it removes the file.
/// @errors  `EWOULDBLOCK` still held after `patience` (`Error::detail` names the pid);
///          `ENOENT`, `EACCES`, `EROFS` from the directory; `ELOOP` a symbolic link; `EINVAL` a relative path.
///          On error nothing is left behind.
/// @blocks  Up to `patience`, and a second for a lock without an owner.
/// @fork    A child shares the lock until it execs or exits; it never removes the file.
/// @example examples/pidfile.cpp
[[nodiscard]] Result<Pidfile> take_pidfile(const std::filesystem::path& path, std::chrono::milliseconds patience = {});

/// Who holds the pidfile at `path`; empty when nobody does: no file, or one that a crash left. Takes no lock, so
/// that asking never stands in the way of a process that is just starting.
///
/// The pid is proved, not merely read: the kernel says who signed the lock, or the process has the locked file open. A
/// number that was used again by a stranger is never returned.
///
/// @errors `EACCES`, `ELOOP`; `EBADMSG` the file is locked, but nobody can be proved to own it: its holder is just
///         starting, or has ended and left children that share the lock.
[[nodiscard]] Result<std::optional<Pid>> pidfile_holder(const std::filesystem::path& path);

}  // namespace foster
