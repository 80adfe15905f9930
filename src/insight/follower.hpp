// Some processes and all that comes of them, kept up to date by the kernel's events. Where there are none, two looks
// are compared: insight/changes.hpp
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "insight/changes.hpp"
#include "sys/process_event.hpp"

namespace foster::insight {

/// Turns events of the whole machine into changes of those who are followed. An event says little; the rest is what was
/// known before, and a look at the one process, if it is still there.
class Follower {
 public:
  /// A process as it is now; empty when it is gone.
  using Look = std::function<std::optional<Process>(Pid)>;

  Follower(std::vector<Pid> tops, Look look) : tops_(std::move(tops)), look_(std::move(look)) {}

  /// A look at all, to begin with, and again after events were lost: what differs from what is known.
  /// @param begun When the look began, as events count time; what happened earlier is in it.
  [[nodiscard]] std::vector<Change> look_anew(const ProcessTable& table, std::chrono::nanoseconds begun);

  /// What an event means for those who are followed; mostly nothing. Of the ends of threads only the last counts, and
  /// whom it leaves behind is told before it.
  [[nodiscard]] std::vector<Change> hear(const sys::ProcessEvent& event);

  /// Those who live.
  [[nodiscard]] const Known& known() const noexcept { return known_; }

 private:
  void born(std::vector<Change>& changes, const sys::ProcessEvent& event, const sys::Forked& fork);
  [[nodiscard]] bool refresh(std::vector<Change>& changes, Process& process);
  void happened(std::vector<Change>& changes, Process& process, const sys::ProcessEvent& event);
  void ended(std::vector<Change>& changes, const Process& process, const ExitStatus& status);
  [[nodiscard]] bool is_over(const Process& process) const;

  std::vector<Pid> tops_;
  Look look_;
  Known known_;
  std::chrono::nanoseconds looked_{};
};

}  // namespace foster::insight
