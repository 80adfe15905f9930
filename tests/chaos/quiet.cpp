#include "quiet.hpp"

#include <algorithm>

#include "sys/procfs.hpp"

namespace foster::chaos {
namespace {

constexpr const char* kPidfd = "anon_inode:[pidfd]";

Descriptors descriptors_of(const std::optional<Process>& process) {
  Descriptors found;
  if (!process) return found;
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process->pid) + "/fd", error)) {
    std::string name = std::filesystem::read_symlink(entry.path(), error);
    std::erase_if(name, [](char byte) { return byte >= '0' && byte <= '9'; });
    ++found[name];
  }
  return found;
}

/// What there is more of than before.
std::string excess(const Descriptors& before, const Descriptors& now) {
  std::string text;
  for (const auto& [name, count] : now) {
    const auto known = before.find(name);
    const int had = known != before.end() ? known->second : 0;
    if (count > had) text += " " + name + " " + std::to_string(had) + " -> " + std::to_string(count) + ",";
  }
  return text;
}

std::set<std::pair<pid_t, std::uint64_t>> zombies_of(pid_t parent) {
  std::set<std::pair<pid_t, std::uint64_t>> zombies;
  for (const Pid child : sys::children_by_scan(Pid(parent))) {
    const auto stat = sys::read_stat(child);
    if (stat && stat->state == 'Z') zombies.emplace(child.number(), stat->starttime);
  }
  return zombies;
}

}  // namespace

QuietState look_at_descriptors(Sandbox& sandbox) {
  Descriptors reaper = descriptors_of(sandbox.find_role("reaper"));
  reaper.erase(kPidfd);  // one of each run that is no child of it any more
  return {.reaper = std::move(reaper), .supervisor = descriptors_of(sandbox.find_role("supervisor"))};
}

void check_descriptors(Sandbox& sandbox, const QuietState& before, Report& report) {
  std::string more;
  const bool is_as_before = wait_until(
      [&] {
        const QuietState now = look_at_descriptors(sandbox);
        const std::string reaper = excess(before.reaper, now.reaper);
        const std::string supervisor = excess(before.supervisor, now.supervisor);
        more = (reaper.empty() ? "" : "reaper:" + reaper) + (supervisor.empty() ? "" : " supervisor:" + supervisor);
        return more.empty();
      },
      20s);
  if (!is_as_before) report.find("descriptors", "more than at the beginning: " + more);
}

void check_kept_processes(Sandbox& sandbox, Report& report) {
  const auto kept = [&] { return descriptors_of(sandbox.find_role("reaper"))[kPidfd]; };
  if (!wait_until([&] { return kept() == 0; }, 10s)) {
    report.find("descriptors",
                "the reaper still keeps " + std::to_string(kept()) + " processes of services that are down");
  }
}

void check_zombies(Sandbox& sandbox, Report& report) {
  const auto reaper = sandbox.find_role("reaper");
  if (!reaper) return;
  auto staying = zombies_of(reaper->pid);
  const bool are_gone = wait_until(
      [&] {
        const auto now = zombies_of(reaper->pid);
        std::erase_if(staying, [&](const auto& zombie) { return !now.contains(zombie); });
        return staying.empty();
      },
      10s);
  if (!are_gone) report.find("zombie", std::to_string(staying.size()) + " stay below the reaper");
}

void check_nothing_left(Sandbox& sandbox, const std::set<std::string>& cgroups, Report& report) {
  (void)wait_until(
      [&] {
        sandbox.reap();
        return sandbox.processes().empty();
      },
      10s);
  for (const Process& process : sandbox.processes()) {
    report.find("left-behind",
                "pid " + std::to_string(process.pid) + " of " + (process.role.empty() ? process.tag : process.role));
  }
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(sandbox.path("run/chaos/fifo"), error)) {
    report.find("left-behind", "FIFO " + entry.path().string());
  }
  for (const std::string& cgroup : cgroups) {
    if (std::filesystem::exists(cgroup)) report.find("left-behind", "cgroup " + cgroup);
  }
  report.count("cgroups that were seen, and are gone", cgroups.size());
}

}  // namespace foster::chaos
