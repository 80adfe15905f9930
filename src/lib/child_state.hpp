// What a Child is about. Shared with the Reaper that it was given to, so that an end is learned once, by whoever asks
// first.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>

#include <foster/child.hpp>
#include <foster/fd.hpp>
#include <foster/result.hpp>
#include "lib/guardian.hpp"
#include "sys/cgroup.hpp"
#include "sys/pidfd.hpp"
#include "sys/wait.hpp"

namespace foster {

/// How a child is reached beyond its own process.
struct ChildReach {
  bool leads_group = false;  ///< Its pid is also a process group's.
  std::optional<sys::Cgroup> cgroup = {};
  std::optional<Guardian> guardian = {};
};

/// One child of this process, until after its end.
class ChildState {
 public:
  using Deadline = std::optional<std::chrono::nanoseconds>;  // of the monotonic clock; empty: for ever

  ChildState(sys::ProcessHandle process, ChildReach reach, std::map<int, UniqueFd> pipes) noexcept;

  [[nodiscard]] const sys::ProcessHandle& process() const noexcept { return process_; }
  [[nodiscard]] bool is_alive() const noexcept { return !ended_ && process_.is_alive(); }
  [[nodiscard]] std::optional<Ended> try_wait();
  [[nodiscard]] std::optional<Ended> wait_until(Deadline deadline);
  const Ended& wait();
  [[nodiscard]] Result<> signal(Signal signal) const;
  Result<Ended> stop(const StopPlan& plan);
  [[nodiscard]] UniqueFd take_pipe(int target);

  /// For the destructor of its Child.
  void end_for_good() noexcept;

 private:
  /// False when the deadline has passed first.
  [[nodiscard]] bool await_readable_end(Deadline deadline) const noexcept;
  void learn_end(const sys::ChildExit& exit);
  [[nodiscard]] Result<> ask(Signal signal) const;
  Result<> insist();

  sys::ProcessHandle process_;
  ChildReach reach_;
  std::map<int, UniqueFd> pipes_;
  pid_t owner_;
  std::optional<Ended> ended_;
};

/// Makes a Child, which only its friends can.
struct ChildAccess {
  [[nodiscard]] static Child make(std::shared_ptr<ChildState> state) noexcept { return Child(std::move(state)); }
  [[nodiscard]] static const std::shared_ptr<ChildState>& state(const Child& child) noexcept { return child.state_; }
};

/// The words of the library for what the kernel has told.
[[nodiscard]] Ended ended_from(const sys::ExitReport& report);

/// The end of a process that somebody else has waited for.
[[nodiscard]] Ended ended_elsewhere(BorrowedFd pidfd);

}  // namespace foster
