#include "insight/changes.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace foster::insight {
namespace {

pid_t number(const auto& id) {
  return id ? id->number() : 0;
}

std::string birth_text(const Known& before, const Known& now, const Process& process, std::optional<Pid> adopter) {
  const int pid = process.pid.number();
  if (process.parent && process.parent == adopter) {
    return fmt::format("{} ({}) is there, and lost its parent", process.name, pid);
  }
  const bool is_parent_known = before.contains(number(process.parent)) || now.contains(number(process.parent));
  return is_parent_known ? fmt::format("{} ({}) was forked by {}", process.name, pid, number(process.parent))
                         : fmt::format("{} ({}) is there, a child of {}", process.name, pid, number(process.parent));
}

void compare(std::vector<Change>& changes, const Process& before, const Process& now) {
  const int pid = now.pid.number();
  const auto add = [&](ChangeKind kind, std::string text) {
    changes.push_back({.kind = kind, .process = now, .text = std::move(text)});
  };
  if (before.parent != now.parent) {
    add(ChangeKind::adoption, fmt::format("{} lost its parent, and was adopted by {}", pid, number(now.parent)));
  }
  if (before.session != now.session) {
    add(ChangeKind::session, fmt::format("{} made session {}", pid, number(now.session)));
  } else if (before.group != now.group) {
    add(ChangeKind::group, fmt::format("{} went to group {}", pid, number(now.group)));
  }
  if (before.name != now.name || before.arguments != now.arguments) {
    add(ChangeKind::exec, fmt::format("{} became {}", pid, now.arguments.empty() ? now.name : command_line(now)));
  }
}

}  // namespace

std::string_view to_string(ChangeKind kind) noexcept {
  switch (kind) {
    case ChangeKind::fork:
      return "fork";
    case ChangeKind::exec:
      return "exec";
    case ChangeKind::session:
      return "session";
    case ChangeKind::group:
      return "group";
    case ChangeKind::adoption:
      return "adoption";
    case ChangeKind::user:
      return "user";
    case ChangeKind::name:
      return "name";
    case ChangeKind::coredump:
      return "coredump";
    case ChangeKind::exit:
      break;
  }
  return "exit";
}

std::vector<Change> changes_between(const Known& before, const Known& now, std::optional<Pid> adopter) {
  std::vector<Change> changes;
  const auto is_same = [](const Process& one, const Process& other) { return one.start_ticks == other.start_ticks; };
  for (const auto& [pid, process] : now) {
    const auto found = before.find(pid);
    if (found != before.end() && is_same(found->second, process)) continue;
    changes.push_back(
        {.kind = ChangeKind::fork, .process = process, .text = birth_text(before, now, process, adopter)});
  }
  for (const auto& [pid, process] : now) {
    const auto found = before.find(pid);
    if (found != before.end() && is_same(found->second, process)) compare(changes, found->second, process);
  }
  for (const auto& [pid, process] : before) {
    const auto found = now.find(pid);
    if (found != now.end() && is_same(found->second, process)) continue;
    changes.push_back(
        {.kind = ChangeKind::exit, .process = process, .text = fmt::format("{} ({}) ended", process.name, pid)});
  }
  return changes;
}

Known below(const ProcessTable& table, const std::vector<Pid>& tops, const Known& known) {
  std::vector<const Process*> waiting;
  for (const Pid top : tops) {
    if (const Process* process = table.find(top)) waiting.push_back(process);
  }
  for (const auto& [pid, process] : known) {
    const Process* now = table.find(process.pid);
    if (now != nullptr && now->start_ticks == process.start_ticks) waiting.push_back(now);
  }
  Known found;
  while (!waiting.empty()) {
    const Process* process = waiting.back();
    waiting.pop_back();
    if (process->state == ProcessState::zombie && process->threads <= 1) continue;
    if (!found.emplace(process->pid.number(), *process).second) continue;
    for (const Process* child : table.children_of(process->pid)) waiting.push_back(child);
  }
  return found;
}

}  // namespace foster::insight
