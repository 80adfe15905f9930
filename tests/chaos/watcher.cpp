#include "watcher.hpp"

#include <fstream>
#include <map>
#include <sstream>

#include "sys/procfs.hpp"

namespace foster::chaos {
namespace {

constexpr auto kPace = 100ms;

bool still_lives(const Process& process) {
  const auto stat = sys::read_stat(Pid(process.pid));
  return stat && stat->starttime == process.start_time && stat->state != 'Z' && stat->state != 'X';
}

}  // namespace

std::string cgroup_mount() {
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string device, where, type;
    words >> device >> where >> type;
    if (type == "cgroup2") return where;
  }
  return {};
}

Watcher::Watcher(Sandbox& sandbox, Report& report)
    : sandbox_(sandbox), report_(report), thread_([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          look();
          rest(kPace);
        }
      }) {}

std::set<std::string> Watcher::cgroups() const {
  const std::scoped_lock lock(mutex_);
  return cgroups_;
}

void Watcher::look() {
  sandbox_.reap();
  const auto processes = sandbox_.processes();
  std::map<std::string, const Process*> seen;
  for (const Process& process : processes) {
    // A child between clone and exec has the environment of the supervisor, and no tag yet.
    if (process.tag.empty() || !process.role.empty()) continue;
    if (const auto group = sys::read_cgroup(Pid(process.pid)); group && group->find("foster") != std::string::npos) {
      const std::scoped_lock lock(mutex_);
      cgroups_.insert(cgroup_mount() + *group);
    }
    const auto [other, is_first] = seen.try_emplace(process.instance, &process);
    if (is_first || other->second->tag == process.tag) continue;
    // Two runs: at once only if the one seen first outlived the sight of the other.
    if (!still_lives(*other->second)) {
      other->second = &process;
    } else if (still_lives(process) && told_.insert(process.tag).second) {
      report_.find("one-run", process.instance + ": pid " + std::to_string(other->second->pid) + " of " +
                                  other->second->tag + " beside pid " + std::to_string(process.pid) + " of " +
                                  process.tag);
    }
  }
  report_.count("looks at all processes");
}

}  // namespace foster::chaos
