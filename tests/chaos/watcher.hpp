// Looks at /proc all the time: never two live runs of an instance.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "report.hpp"
#include "sandbox.hpp"

namespace foster::chaos {

class Watcher {
 public:
  Watcher(Sandbox& sandbox, Report& report);

  /// Every cgroup in which a process of a service was seen, as directories.
  [[nodiscard]] std::set<std::string> cgroups() const;

 private:
  void look();

  Sandbox& sandbox_;
  Report& report_;
  mutable std::mutex mutex_;
  std::set<std::string> cgroups_;
  std::set<std::string> told_;
  std::jthread thread_;
};

/// Where cgroup v2 is mounted; empty: nowhere.
[[nodiscard]] std::string cgroup_mount();

}  // namespace foster::chaos
