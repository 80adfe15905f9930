#include <foster/process_table.hpp>

#include <algorithm>
#include <array>
#include <numeric>
#include <ranges>
#include <utility>

namespace foster {
namespace {

/// Who has a parent comes after who has none; otherwise by the parent's pid.
pid_t parent_number(const Process& process) noexcept {
  return process.parent ? process.parent->number() : 0;
}

std::string device_name(const char* prefix, unsigned number) {
  return prefix + std::to_string(number);
}

}  // namespace

std::string_view to_string(ProcessState state) noexcept {
  switch (state) {
    case ProcessState::running:
      return "running";
    case ProcessState::sleeping:
      return "sleeping";
    case ProcessState::disk:
      return "disk";
    case ProcessState::stopped:
      return "stopped";
    case ProcessState::traced:
      return "traced";
    case ProcessState::zombie:
      return "zombie";
    case ProcessState::dead:
      return "dead";
    case ProcessState::idle:
      return "idle";
    case ProcessState::unknown:
      break;
  }
  return "unknown";
}

// The numbers of Documentation/admin-guide/devices.txt that terminals of people have.
std::string Terminal::name() const {
  constexpr unsigned kFirstSerial = 64;
  if (major >= 136 && major <= 143) return device_name("pts/", (major - 136) * 256 + minor);
  if (major == 4 && minor < kFirstSerial) return device_name("tty", minor);
  if (major == 4) return device_name("ttyS", minor - kFirstSerial);
  if (major == 5 && minor == 1) return "console";
  if (major == 188) return device_name("ttyUSB", minor);
  if (major == 166) return device_name("ttyACM", minor);
  if (major == 204 && minor >= kFirstSerial && minor < kFirstSerial + 16) {
    return device_name("ttyAMA", minor - kFirstSerial);
  }
  if (major == 229) return device_name("hvc", minor);
  return std::to_string(major) + ":" + std::to_string(minor);
}

std::string command_line(const Process& process) {
  std::string line;
  for (const std::string& word : process.arguments) line += (line.empty() ? "" : " ") + word;
  // Who writes over its arguments leaves the rest of the room empty.
  line.erase(line.find_last_not_of(' ') + 1);
  return line.empty() ? "[" + process.name + "]" : line;
}

ProcessTable::ProcessTable(std::vector<Process> processes) : processes_(std::move(processes)) {
  std::ranges::sort(processes_, [](const Process& a, const Process& b) {
    return std::pair(a.pid, b.start_ticks) < std::pair(b.pid, a.start_ticks);
  });
  const auto doubles = std::ranges::unique(processes_, {}, &Process::pid);
  processes_.erase(doubles.begin(), doubles.end());
  by_parent_.resize(processes_.size());
  std::iota(by_parent_.begin(), by_parent_.end(), 0U);
  std::ranges::stable_sort(by_parent_, {}, [this](std::uint32_t at) { return parent_number(processes_[at]); });
}

const Process* ProcessTable::find(Pid pid) const noexcept {
  const auto found = std::ranges::lower_bound(processes_, pid, {}, &Process::pid);
  return found != processes_.end() && found->pid == pid ? &*found : nullptr;
}

const Process* ProcessTable::parent_of(const Process& process) const noexcept {
  return process.parent ? find(*process.parent) : nullptr;
}

const Process* ProcessTable::session_leader_of(const Process& process) const noexcept {
  return process.session ? find(Pid(process.session->number())) : nullptr;
}

std::span<const std::uint32_t> ProcessTable::child_range(Pid pid) const noexcept {
  const auto range = std::ranges::equal_range(by_parent_, pid.number(), {},
                                              [this](std::uint32_t at) { return parent_number(processes_[at]); });
  return {range.begin(), range.end()};
}

std::vector<const Process*> ProcessTable::children_of(Pid pid) const {
  std::vector<const Process*> children;
  for (const std::uint32_t at : child_range(pid)) children.push_back(&processes_[at]);
  return children;
}

std::vector<const Process*> ProcessTable::group(Pgid group) const {
  std::vector<const Process*> members;
  for (const Process& process : processes_) {
    if (process.group == group) members.push_back(&process);
  }
  return members;
}

}  // namespace foster
