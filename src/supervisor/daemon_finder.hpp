// Finds the daemon that a launcher left behind: type = "forking".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <foster/ids.hpp>
#include <foster/result.hpp>

#include "supervisor/loop.hpp"
#include "supervisor/probe.hpp"
#include "supervisor/run_processes.hpp"

namespace foster::supervisor {

/// How to find it.
struct DaemonSearch {
  Pid reaper;
  RunMarks marks;
  std::string pidfile;  ///< Empty: by ancestry alone.
  std::function<bool(pid_t)> is_stranger;
  std::function<bool(pid_t)> is_in_cgroup;  ///< Empty: there is none.
};

/// The pid in the text of a pidfile; empty for anything but one positive number and white space.
[[nodiscard]] std::optional<Pid> parse_pidfile(std::string_view text);

/// Looks now, and again every few milliseconds until it is destroyed. Calls `found` once with the
/// daemon's pid and words for people, or `hopeless` when no process of the run is left.
class DaemonFinder final : public Probe {
 public:
  using Found = std::function<void(Pid, std::string how)>;
  using Hopeless = std::function<void(std::string why)>;

  DaemonFinder(Loop& loop, DaemonSearch search, Found found, Hopeless hopeless);

 private:
  void look();
  [[nodiscard]] std::optional<Pid> find_by_pidfile(const std::vector<sys::ProcessIdentity>& processes) const;
  [[nodiscard]] static std::optional<Pid> find_by_ancestry(Pid reaper,
                                                           const std::vector<sys::ProcessIdentity>& processes);

  DaemonSearch search_;
  Found found_;
  Hopeless hopeless_;
  core::Duration pause_;
  unsigned looks_ = 0;
  Timer timer_;
};

}  // namespace foster::supervisor
