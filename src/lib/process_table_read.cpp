// /proc to a ProcessTable.
#include <sched.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include <foster/process_table.hpp>
#include "sys/proc_directory.hpp"
#include "sys/signals.hpp"

namespace foster {
namespace {

/// PF_KTHREAD of the kernel's sched.h, which is in no header for programs; ps(1) and systemd know it by this value.
constexpr unsigned kKernelThread = 0x00200000;

/// How often to look for parents that were born or changed meanwhile. One round is the rule.
constexpr int kRounds = 5;

/// Nearly all of the time is the kernel's, and it serves several readers at once. Below this many processes a thread
/// costs more than it saves.
constexpr std::size_t kProcessesWorthAThread = 1500;
constexpr std::size_t kMostThreads = 8;
/// What a reader takes at a time.
constexpr std::size_t kPortion = 64;

ProcessState state_of_letter(char letter) {
  switch (letter) {
    case 'R':
      return ProcessState::running;
    case 'S':
      return ProcessState::sleeping;
    case 'D':
      return ProcessState::disk;
    case 'T':
      return ProcessState::stopped;
    case 't':
      return ProcessState::traced;
    case 'Z':
      return ProcessState::zombie;
    case 'X':
      return ProcessState::dead;
    case 'I':
      return ProcessState::idle;
    default:
      return ProcessState::unknown;
  }
}

template <class SomeId>
std::optional<SomeId> id_or_none(pid_t number) {
  return number > 0 ? std::optional(SomeId(number)) : std::nullopt;
}

/// The kernel's own packing (new_encode_dev), not makedev(3)'s.
std::optional<Terminal> terminal_of(int number) {
  const auto bits = static_cast<unsigned>(number);
  if (bits == 0) return std::nullopt;
  return Terminal{.major = (bits >> 8U) & 0xfffU, .minor = (bits & 0xffU) | ((bits >> 12U) & 0xfff00U)};
}

Process process_of(const sys::ProcessStat& stat) {
  Process process;
  process.pid = Pid(stat.pid);
  process.parent = id_or_none<Pid>(stat.ppid);
  process.group = id_or_none<Pgid>(stat.pgrp);
  process.session = id_or_none<Sid>(stat.session);
  process.terminal = terminal_of(stat.tty_nr);
  if (process.terminal) process.foreground_group = id_or_none<Pgid>(stat.tpgid);
  process.state = state_of_letter(stat.state);
  process.is_kernel_thread = (stat.flags & kKernelThread) != 0;
  process.threads = stat.num_threads;
  process.start_ticks = stat.starttime;
  process.started = sys::duration_of_ticks(stat.starttime);
  process.cpu_time = sys::duration_of_ticks(stat.utime) + sys::duration_of_ticks(stat.stime);
  process.resident_bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(stat.rss, 0)) * sys::page_size();
  process.name = stat.comm;
  return process;
}

class Reader {
 public:
  Reader(const sys::ProcDirectory& proc, const TableDetail& detail) : proc_(proc), detail_(detail) {}

  std::optional<Process> read(Pid pid) const {
    const auto stat = proc_.stat(pid);
    if (!stat || stat->pid != pid.number()) return std::nullopt;
    Process process = process_of(*stat);
    if (detail_.namespaces) process.namespace_depth = read_depth(pid);
    if (detail_.user) process.user = proc_.owner(pid);
    if (process.is_kernel_thread) return process;
    if (detail_.arguments && process.state != ProcessState::zombie) process.arguments = proc_.arguments(pid);
    // Whether init started its child or adopted it shows in the cgroup, so that of a child of init is always read.
    if (detail_.cgroup || stat->ppid == 1) process.cgroup = read_cgroup(pid);
    return process;
  }

  /// Those that were read before their parent, or by whom the parent has changed meanwhile.
  bool settle(std::unordered_map<pid_t, Process>& found) const {
    std::vector<Pid> lost;
    for (const auto& [number, process] : found) {
      if (process.parent && !is_parent_there(found, process)) lost.push_back(process.pid);
    }
    bool changed = false;
    for (const Pid pid : lost) {
      auto again = read(pid);
      if (!again) {
        found.erase(pid.number());
        changed = true;
        continue;
      }
      const auto parent = again->parent;
      Process& known = found.at(pid.number());
      changed |= known.parent != parent || known.start_ticks != again->start_ticks;
      known = std::move(*again);
      if (!parent || is_parent_there(found, known)) continue;
      if (auto newer = read(*parent)) {
        changed = true;
        found.insert_or_assign(parent->number(), std::move(*newer));
      }
    }
    return changed;
  }

 private:
  static bool is_parent_there(const std::unordered_map<pid_t, Process>& found, const Process& process) {
    const auto parent = found.find(process.parent->number());
    return parent != found.end() && parent->second.start_ticks <= process.start_ticks;
  }

  std::optional<std::string> read_cgroup(Pid pid) const {
    std::array<char, 4096> buffer;
    const auto path = sys::parse_cgroup(proc_.read(pid, "cgroup", buffer));
    if (!path) return std::nullopt;
    return std::string(*path);
  }

  std::optional<unsigned> read_depth(Pid pid) const {
    std::array<char, 4096> buffer;
    const auto status = sys::parse_status(proc_.read(pid, "status", buffer));
    if (!status || status->ns_pids.empty()) return std::nullopt;
    return static_cast<unsigned>(status->ns_pids.size());
  }

  const sys::ProcDirectory& proc_;
  TableDetail detail_;
};

std::size_t processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? static_cast<std::size_t>(CPU_COUNT(&set)) : 1;
}

/// Reads these pids, in portions, until none is left; several do so at once.
class Readers {
 public:
  Readers(const Reader& reader, const std::vector<Pid>& pids) : reader_(reader), pids_(pids) {
    const std::size_t count = std::min({processors(), kMostThreads, pids.size() / kProcessesWorthAThread + 1});
    found_.resize(count);
  }

  /// The caller is one of the readers, and the only one where no thread is to be had.
  std::vector<std::vector<Process>> run() {
    std::vector<std::thread> helpers;
    if (found_.size() > 1) {
      const sys::ScopedSignalMask blocked;  // inherited: signals are for the threads of the program
      try {
        for (std::size_t i = 1; i < found_.size(); ++i) helpers.emplace_back([this, i] { read_some(found_[i]); });
      } catch (const std::system_error&) {
        // EAGAIN: the others do its part.
      }
    }
    read_some(found_.front());
    for (std::thread& helper : helpers) helper.join();
    return std::move(found_);
  }

 private:
  void read_some(std::vector<Process>& into) {
    for (std::size_t at = next_.fetch_add(kPortion); at < pids_.size(); at = next_.fetch_add(kPortion)) {
      const std::size_t end = std::min(at + kPortion, pids_.size());
      for (; at < end; ++at) {
        if (auto process = reader_.read(pids_[at])) into.push_back(std::move(*process));
      }
    }
  }

  const Reader& reader_;
  const std::vector<Pid>& pids_;
  std::vector<std::vector<Process>> found_;
  std::atomic<std::size_t> next_ = 0;
};

}  // namespace

Result<ProcessTable> read_process_table(const TableDetail& detail) {
  const auto proc = sys::ProcDirectory::open();
  if (!proc) return Failure(proc.error());
  const Reader reader(*proc, detail);
  const std::vector<Pid> pids = sys::list_pids();
  std::unordered_map<pid_t, Process> found;
  found.reserve(pids.size());
  for (auto& part : Readers(reader, pids).run()) {
    for (Process& process : part) found.insert_or_assign(process.pid.number(), std::move(process));
  }
  for (int round = 0; round < kRounds && reader.settle(found); ++round) {
  }
  std::vector<Process> processes;
  processes.reserve(found.size());
  for (auto& [pid, process] : found) processes.push_back(std::move(process));
  return ProcessTable(std::move(processes));
}

std::optional<Process> read_process(Pid pid, const TableDetail& detail) {
  const auto proc = sys::ProcDirectory::open();
  return proc ? Reader(*proc, detail).read(pid) : std::nullopt;
}

}  // namespace foster
