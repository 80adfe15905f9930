#include "supervisor/run_processes.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "supervisor/environment.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

bool carries_marks(const sys::ProcessStat& stat, const RunMarks& marks) {
  const auto is_of = [&stat](pid_t leader) {
    return leader != 0 && (stat.pid == leader || stat.session == leader || stat.pgrp == leader);
  };
  return is_of(marks.first_pid) || is_of(marks.main_pid);
}

// The tree below this process, parents before children; 0: below the kernel, which is everything.
std::vector<sys::ProcessStat> read_tree(pid_t root) {
  std::unordered_map<pid_t, std::vector<sys::ProcessStat>> by_parent;
  sys::PidDirectory all;
  while (const auto pid = all.next()) {
    if (const auto stat = sys::read_stat(*pid)) by_parent[stat->ppid].push_back(*stat);
  }
  std::vector<sys::ProcessStat> tree = by_parent[root];
  for (std::size_t next = 0; next < tree.size(); ++next) {
    const auto children = by_parent.find(tree[next].pid);
    if (children != by_parent.end()) tree.insert(tree.end(), children->second.begin(), children->second.end());
  }
  return tree;
}

}  // namespace

std::vector<sys::ProcessIdentity> find_run_processes(Pid reaper, const RunMarks& marks,
                                                     const std::function<bool(pid_t)>& is_stranger) {
  std::unordered_set<pid_t> ours;
  std::unordered_set<pid_t> theirs;
  std::vector<sys::ProcessIdentity> found;
  for (const sys::ProcessStat& stat : read_tree(marks.is_foreign ? 0 : reaper.number())) {
    if (theirs.contains(stat.ppid) || (stat.ppid == reaper.number() && is_stranger(stat.pid))) {
      theirs.insert(stat.pid);
      continue;
    }
    if (stat.state == 'Z' || stat.state == 'X') continue;
    const bool is_ours = ours.contains(stat.ppid) || (!marks.is_foreign && carries_marks(stat, marks)) ||
                         sys::read_environment_variable(Pid(stat.pid), kRunTag) == marks.tag;
    if (!is_ours) continue;
    ours.insert(stat.pid);
    found.push_back(sys::ProcessIdentity{.pid = stat.pid, .start_time = stat.starttime, .inode = 0});
  }
  return found;
}

bool is_run_process(Pid reaper, const RunMarks& marks, Pid pid, const std::function<bool(pid_t)>& is_stranger) {
  return std::ranges::any_of(find_run_processes(reaper, marks, is_stranger),
                             [&](const sys::ProcessIdentity& found) { return found.pid == pid.number(); });
}

}  // namespace foster::supervisor
