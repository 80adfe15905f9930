#include "supervisor/daemon_finder.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sys/clock.hpp"
#include "sys/files.hpp"
#include "sys/procfs.hpp"

namespace foster::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstPause = 2ms;
constexpr auto kLongestPause = 100ms;
// A launcher may have exited before its daemon was adopted and has written its pidfile.
constexpr unsigned kLooksBeforeHopeless = 20;
constexpr std::size_t kMaxPidfile = 64;

}  // namespace

std::optional<Pid> parse_pidfile(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  pid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number <= 0) return std::nullopt;
  return Pid(number);
}

DaemonFinder::DaemonFinder(Loop& loop, DaemonSearch search, Found found, Hopeless hopeless)
    : search_(std::move(search)),
      found_(std::move(found)),
      hopeless_(std::move(hopeless)),
      pause_(kFirstPause),
      timer_(loop, [this] { look(); }) {
  timer_.arm(core::Instant(sys::monotonic_now()));
}

void DaemonFinder::look() {
  auto processes = find_run_processes(search_.reaper, search_.marks, search_.is_stranger);
  if (search_.is_in_cgroup) {
    for (const Pid child : sys::children_of(search_.reaper)) {
      if (!search_.is_in_cgroup(child.number())) continue;
      const auto stat = sys::read_stat(child);
      const auto is_same = [&](const sys::ProcessIdentity& known) { return known.pid == child.number(); };
      if (stat && stat->state != 'Z' && std::ranges::none_of(processes, is_same)) {
        processes.push_back({.pid = child.number(), .start_time = stat->starttime, .inode = 0});
      }
    }
  }
  const auto pid = search_.pidfile.empty() ? find_by_ancestry(search_.reaper, processes) : find_by_pidfile(processes);
  if (pid) {
    const std::string how =
        search_.pidfile.empty() ? "daemon with pid " + std::to_string(pid->number()) : "pidfile " + search_.pidfile;
    const Found found = found_;  // destroys this
    return found(*pid, how);
  }
  if (++looks_ >= kLooksBeforeHopeless && processes.empty()) {
    const Hopeless hopeless = hopeless_;  // destroys this
    return hopeless("its launcher left no daemon" +
                    (search_.pidfile.empty() ? std::string() : " and " + search_.pidfile + " names none"));
  }
  timer_.arm(core::Instant(sys::monotonic_now() + pause_));
  pause_ = std::min<core::Duration>(2 * pause_, kLongestPause);
}

std::optional<Pid> DaemonFinder::find_by_pidfile(const std::vector<sys::ProcessIdentity>& processes) const {
  const auto text = sys::read_file(search_.pidfile, kMaxPidfile);
  if (!text) return std::nullopt;
  const auto pid = parse_pidfile(*text);
  if (!pid) return std::nullopt;
  if (std::ranges::any_of(processes, [&](const auto& process) { return process.pid == pid->number(); })) return pid;
  // A daemon that wrote its title over its environment and took a new session bears no mark any more.
  // It is ours when the reaper has adopted it and nobody else can claim it.
  const auto stat = sys::read_stat(*pid);
  const bool is_adopted = stat && stat->ppid == search_.reaper.number() && stat->state != 'Z';
  if (is_adopted && !search_.is_stranger(pid->number())) return pid;
  return std::nullopt;
}

std::optional<Pid> DaemonFinder::find_by_ancestry(Pid reaper, const std::vector<sys::ProcessIdentity>& processes) {
  // The oldest session leader among those that the reaper adopted, or else the oldest of them.
  std::optional<Pid> best;
  bool best_leads = false;
  std::uint64_t best_start = 0;
  for (const sys::ProcessIdentity& process : processes) {
    const auto stat = sys::read_stat(Pid(process.pid));
    if (!stat || stat->ppid != reaper.number()) continue;
    const bool leads = stat->session == stat->pid;
    const bool is_better = !best || (leads && !best_leads) || (leads == best_leads && stat->starttime < best_start);
    if (!is_better) continue;
    best = Pid(process.pid);
    best_leads = leads;
    best_start = stat->starttime;
  }
  return best;
}

}  // namespace foster::supervisor
