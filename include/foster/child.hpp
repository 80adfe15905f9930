// A process that was started here: signalled through its pidfd, waited for once, never left behind as a zombie.
// Looking for how to start one? foster/spawn.hpp. For many ends in one loop? foster/reap.hpp
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <foster/exit_status.hpp>
#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/resource_use.hpp>
#include <foster/result.hpp>
#include <foster/signal.hpp>
#include <foster/stop_plan.hpp>

namespace foster {

class ChildState;

/// How a child ended, and what it had used. When somebody else has waited for it (another library's wait(-1), an
/// ignored SIGCHLD), the use is all zero, and the status is what the kernel still remembers for the holder of a
/// pidfd: the true one from Linux 6.15 on, `ExitUnknown` before.
struct Ended {
  ExitStatus status;
  ResourceUse use = {};
  friend bool operator==(const Ended&, const Ended&) = default;
};

/// A child process, from `spawn`. Movable.
///
/// Its end is learned once and remembered: however often one waits, the answer is the same, and after it no signal
/// is ever sent, since the pid may belong to a stranger.
///
/// Destroying a `Child` whose process still runs ends it: SIGKILL for all that `stop` would reach, then a wait. A
/// process that is to outlive the object is one for `spawn_detached`. A child that may not be killed (it has become
/// another user) is left running; it is reaped by a later `spawn` or `Child`.
///
/// @blocks  The destructor, until the kernel has ended the process.
/// @fork    In a forked copy the object does nothing: the child belongs to the process that started it.
/// @threads One at a time for each object.
class Child {
 public:
  Child(Child&& other) noexcept;
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child();

  /// For printing; after the end it may be another process's.
  [[nodiscard]] Pid pid() const noexcept;

  /// Readable when the process has ended: for poll, epoll or an event loop of any kind. Not to be read, and to be
  /// taken out of an epoll set before the object goes. Valid as long as the object.
  [[nodiscard]] BorrowedFd fd() const noexcept;

  /// False once it has ended, waited for or not.
  [[nodiscard]] bool is_alive() const noexcept;

  /// Sends the process a signal; see `stop` for all that it started.
  /// @errors `ESRCH` it has ended and was waited for, here or elsewhere; `EPERM` it has become another user.
  [[nodiscard]] Result<> signal(Signal signal) const;

  /// @blocks Until it has ended.
  const Ended& wait();

  /// Empty while it runs.
  [[nodiscard]] std::optional<Ended> try_wait();

  /// Empty when it still runs after this time.
  /// @blocks Up to `patience`.
  [[nodiscard]] std::optional<Ended> wait_for(std::chrono::nanoseconds patience);

  /// Empty when it still runs then.
  /// @blocks Up to `deadline`.
  [[nodiscard]] std::optional<Ended> wait_until(std::chrono::steady_clock::time_point deadline);

  /// Asks it to end, waits, insists; and gives how it ended. Asked is the process, with its group where the plan gave
  /// it one of its own, and woken if it was stopped. Insisted upon is all of that and the cgroup of the plan, or
  /// everything below it where it is tied as `TieToParent::tree`: what is left when the process itself has ended is
  /// killed, too. A child that has ended already gives its end at once.
  ///
  /// @errors `EPERM` it may not be signalled: it has become another user. It goes on.
  /// @blocks Up to `plan.patience`, then until the kernel has ended it.
  Result<Ended> stop(const StopPlan& plan = {});

  /// Our end of what the plan said was a pipe: to write into the child's standard input. Closing it is the child's end
  /// of file. Empty when there is no such pipe, or it was taken.
  [[nodiscard]] UniqueFd take_input();
  /// To read what the child writes to standard output.
  [[nodiscard]] UniqueFd take_output();
  /// To read what the child writes to standard error.
  [[nodiscard]] UniqueFd take_error();
  /// Our end of the pipe at any descriptor of the child.
  [[nodiscard]] UniqueFd take_pipe(int target);

 private:
  friend struct ChildAccess;
  explicit Child(std::shared_ptr<ChildState> state) noexcept;

  std::shared_ptr<ChildState> state_;
};

}  // namespace foster
