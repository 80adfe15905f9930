#include "insight/follower.hpp"

#include <fmt/format.h>

#include <string>
#include <variant>

namespace foster::insight {
namespace {

void add(std::vector<Change>& changes, ChangeKind kind, const Process& process, std::string text) {
  changes.push_back({.kind = kind, .process = process, .text = std::move(text)});
}

std::string ids_text(int pid, const sys::IdsChanged& ids) {
  const bool is_user = ids.which == sys::IdsChanged::Which::user;
  std::string text = fmt::format("{} became {} {}", pid, is_user ? "user" : "a member of group", ids.effective);
  if (ids.real != ids.effective) text += fmt::format(", but is {} by birth", ids.real);
  return text;
}

}  // namespace

std::vector<Change> Follower::look_anew(const ProcessTable& table, std::chrono::nanoseconds begun) {
  Known now = below(table, tops_, known_);
  std::vector<Change> changes = changes_between(known_, now);
  known_ = std::move(now);
  looked_ = begun;
  return changes;
}

std::vector<Change> Follower::hear(const sys::ProcessEvent& event) {
  std::vector<Change> changes;
  if (event.time < looked_) return changes;
  if (const auto* fork = std::get_if<sys::Forked>(&event.what)) {
    born(changes, event, *fork);
    return changes;
  }
  const auto found = known_.find(event.process);
  if (found == known_.end()) return changes;
  if (const auto* end = std::get_if<sys::Ended>(&event.what)) {
    if (!is_over(found->second)) return changes;
    ended(changes, found->second, end->status);
    known_.erase(found);
    return changes;
  }
  happened(changes, found->second, event);
  return changes;
}

// A child is its parent's image until something else is told of it, so that even one that is gone already has a name.
void Follower::born(std::vector<Change>& changes, const sys::ProcessEvent& event, const sys::Forked& fork) {
  const auto parent = known_.find(fork.parent);
  if (event.thread != event.process || parent == known_.end()) return;
  const auto earlier = known_.find(event.process);
  if (earlier != known_.end()) {
    if (!is_over(earlier->second)) return;  // seen by the look that was under way
    known_.erase(earlier);
  }
  Process child = parent->second;
  child.pid = Pid(event.process);
  child.parent = parent->second.pid;
  child.threads = 1;
  child.start_ticks = 0;
  const auto seen = look_(child.pid);
  if (seen && !seen->is_zombie()) child.start_ticks = seen->start_ticks;
  add(changes, ChangeKind::fork, child,
      fmt::format("{} ({}) was forked by {}", child.name, event.process, fork.parent));
  known_.insert_or_assign(event.process, std::move(child));
}

/// The program that runs now, and what has no event of its own: that somebody was moved to another group. Sessions and
/// parents have theirs, which may still be on their way.
bool Follower::refresh(std::vector<Change>& changes, Process& process) {
  auto now = look_(process.pid);
  if (!now || now->start_ticks != process.start_ticks) return false;
  process.name = std::move(now->name);
  process.arguments = std::move(now->arguments);
  if (now->group && now->session == process.session && now->group != process.group) {
    process.group = now->group;
    add(changes, ChangeKind::group, process,
        fmt::format("{} went to group {}", process.pid.number(), process.group->number()));
  }
  return true;
}

void Follower::happened(std::vector<Change>& changes, Process& process, const sys::ProcessEvent& event) {
  const int pid = event.process;
  if (std::holds_alternative<sys::SessionMade>(event.what)) {
    if (process.session == Sid(pid)) return;
    process.session = Sid(pid);
    process.group = Pgid(pid);
    process.terminal.reset();
    process.foreground_group.reset();
    add(changes, ChangeKind::session, process, fmt::format("{} made session {}", pid, pid));
  } else if (std::holds_alternative<sys::Executed>(event.what)) {
    const bool was_seen = refresh(changes, process);
    if (!was_seen) process.arguments.clear();
    add(changes, ChangeKind::exec, process,
        was_seen ? fmt::format("{} became {}", pid, process.arguments.empty() ? process.name : command_line(process))
                 : fmt::format("{} became another program, and was gone before one could see which", pid));
  } else if (std::holds_alternative<sys::CoreDumped>(event.what)) {
    add(changes, ChangeKind::coredump, process, fmt::format("{} ({}) got a signal that dumps core", process.name, pid));
  } else if (event.thread != event.process) {
    return;  // the ids and the name of one thread among others
  } else if (const auto* ids = std::get_if<sys::IdsChanged>(&event.what)) {
    if (ids->which == sys::IdsChanged::Which::user) process.user = ids->effective;
    add(changes, ChangeKind::user, process, ids_text(pid, *ids));
  } else if (const auto* renamed = std::get_if<sys::Renamed>(&event.what)) {
    add(changes, ChangeKind::name, process, fmt::format("{} ({}) calls itself {}", process.name, pid, renamed->name));
    process.name = renamed->name;
    changes.back().process.name = renamed->name;
  }
}

bool Follower::is_over(const Process& process) const {
  const auto now = look_(process.pid);
  return !now || now->start_ticks != process.start_ticks || now->is_zombie() || now->state == ProcessState::dead;
}

void Follower::ended(std::vector<Change>& changes, const Process& process, const ExitStatus& status) {
  for (auto& [pid, child] : known_) {
    if (child.parent != process.pid) continue;
    const auto now = look_(child.pid);
    const bool is_there = now && child.start_ticks == now->start_ticks && !now->is_zombie();
    if (!is_there || now->parent == child.parent) continue;
    child.parent = now->parent;
    add(changes, ChangeKind::adoption, child,
        fmt::format("{} lost its parent, and was adopted by {}", pid, child.parent ? child.parent->number() : 0));
  }
  add(changes, ChangeKind::exit, process,
      fmt::format("{} ({}) {}{}", process.name, process.pid.number(),
                  std::holds_alternative<Killed>(status) ? "was " : "", to_string(status)));
  changes.back().status = status;
}

}  // namespace foster::insight
