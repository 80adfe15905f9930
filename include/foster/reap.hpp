// The ends of many children, each told once, in one of three ways: from your own event loop, by asking now and then,
// or by waiting. Looking for the end of one child? foster/child.hpp
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <foster/child.hpp>
#include <foster/exit_status.hpp>
#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/resource_use.hpp>
#include <foster/result.hpp>

namespace foster {

/// How a process came to be a child of ours.
enum class Whose {
  given,    ///< `Reaper::add` was called for it.
  adopted,  ///< Its parent has ended, and we are the subreaper or process 1 that it fell to.
  other,    ///< Some other code of this program started it.
};

/// A child that has ended and was reaped: its pid may be anybody's by now.
struct Reaped {
  Pid pid;
  ExitStatus status;
  ResourceUse use;
  Whose whose;
};

/// Which children a `Reaper` may wait for. The end of a child can be had once: who takes that of another library's
/// child breaks that library.
enum class Take {
  /// Those that it was given. Needs no signal.
  given,
  /// Also orphans that were adopted, as far as they can be told from children that other code has started. The kernel
  /// keeps no record of it; an orphan is whoever is in a session that is neither ours nor led by itself. So what may
  /// leave orphans behind is best started with `ChildSession::new_session`. Children in doubt are left alone. Not for
  /// a process that changes its own session while other code has children.
  given_and_orphans,
  /// All of them: for a program whose only code that starts processes is foster, and for process 1. The guardian of
  /// a child tied as `TieToParent::tree` is one of them.
  everything,
};

/// Reaps children, each once. Made for one event loop: poll `fd()`, and call `reap_now` when it is readable.
///
/// With `Take::given` it watches a pidfd for each child, and concerns nobody else. With the others it also listens to
/// SIGCHLD, on a signalfd: the signal is blocked in the thread that opens it, until that thread destroys it, and an
/// ignored SIGCHLD is set to its default meanwhile, since the kernel would reap in our place. However many ends one
/// SIGCHLD stands for, all are found, those before `open` included.
///
/// @threads One at a time, together with the children it was given. A thread that does not block SIGCHLD takes the
///          signal away: open it before other threads are started, or block SIGCHLD in all of them.
/// @fork    A forked copy reaps nothing.
class Reaper {
 public:
  /// @errors `EMFILE`, `ENFILE`, `ENOMEM`.
  [[nodiscard]] static Result<Reaper> open(Take take = Take::given_and_orphans);

  Reaper(Reaper&& other) noexcept;
  Reaper& operator=(Reaper&& other) noexcept;
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;
  /// Children that have not ended stay whose they were. SIGCHLD is as it was found.
  ~Reaper();

  /// The end of this child will be told here, and the `Child` knows it, too. It stays the caller's, to signal and to
  /// stop; destroying it before its end ends it, which is told as well.
  /// @errors `ENOSPC` no more can be watched (/proc/sys/fs/epoll/max_user_watches); `ENOMEM`.
  [[nodiscard]] Result<> add(const Child& child);

  /// A child that was started by other means, before anybody has waited for it.
  /// @errors `ECHILD` it is not ours to wait for; `EMFILE`; as above.
  [[nodiscard]] Result<> add(Pid pid);

  /// Readable when `reap_now` may have something to tell. Not to be read.
  [[nodiscard]] BorrowedFd fd() const noexcept;

  /// Everybody who has ended since the last call; empty when nobody has.
  [[nodiscard]] std::vector<Reaped> reap_now();

  /// The next end. Empty when the deadline has passed, or when no child is left of whom an end could be told.
  /// @blocks Until the deadline; without one until a child ends.
  [[nodiscard]] std::optional<Reaped> reap_next(std::optional<std::chrono::steady_clock::time_point> deadline = {});

 private:
  class Impl;
  explicit Reaper(std::unique_ptr<Impl> impl) noexcept;

  std::unique_ptr<Impl> impl_;
};

/// Makes this process the one to adopt the orphans below it, instead of init: whoever loses its parent becomes our
/// child, and a zombie of ours unless it is reaped. For good; children do not inherit it, but their orphans come here.
/// @errors None on Linux 3.4 and later.
/// @example examples/reap.cpp
[[nodiscard]] Result<> become_subreaper();

/// Whether orphans fall to this process: it has called `become_subreaper`, or is process 1.
[[nodiscard]] bool adopts_orphans() noexcept;

}  // namespace foster
