// What a process is, concluded from a ProcessTable alone.
#include <string>

#include <foster/process_table.hpp>

namespace foster {
namespace {

bool is_init(const Process& process) {
  return process.pid == Pid(1);
}

/// "sh (4711)"
std::string called(const Process& process) {
  return process.name + " (" + std::to_string(process.pid.number()) + ")";
}

std::string number_of(const auto& id) {
  return id ? std::to_string(id->number()) : std::string("0");
}

/// systemd puts what it starts into a group named after the unit, and what a user's session leaves behind stays in
/// the session's.
bool is_unit_of_init(const Process& process) {
  return process.cgroup && process.cgroup->starts_with("/system.slice/") &&
         process.cgroup->find(".service") != std::string::npos;
}

/// A session leader may have been made by anybody; of init's it is known only that init is the parent now.
std::optional<Adoption> adoption_of_leader(const Process& process, const Process& parent) {
  if (!is_init(parent) || process.terminal || is_unit_of_init(process)) return std::nullopt;
  return Adoption{.by = parent.pid,
                  .certainty = Certainty::likely,
                  .because =
                      "it leads a session of its own and its parent is init, which either started it itself or "
                      "has adopted it"};
}

/// The process of its own session that is nearest to the session's beginning, upwards from `process`.
const Process& top_of_session(const Process& process, const ProcessTable& table) {
  const Process* top = &process;
  for (const Process* parent = table.parent_of(*top); parent != nullptr && parent->session == process.session;
       parent = table.parent_of(*top)) {
    if (parent->start_ticks > top->start_ticks || parent == top) break;
    top = parent;
  }
  return *top;
}

/// setsid in the first child, its end, and work in the second: what remains is a group and a session of a number
/// that nobody has any more.
bool has_shape_of_double_fork(const Process& process, const ProcessTable& table) {
  return !process.terminal && process.session && process.group &&
         process.group->number() == process.session->number() && table.session_leader_of(process) == nullptr;
}

Classification with_terminal(const Process& process) {
  const std::string terminal = process.terminal->name();
  if (process.is_in_foreground()) {
    return {.kind = ProcessKind::foreground,
            .reason = "its group " + number_of(process.group) + " is in the foreground of " + terminal};
  }
  std::string reason = "its group " + number_of(process.group) + " is not in the foreground of " + terminal;
  if (process.foreground_group) reason += ", group " + number_of(process.foreground_group) + " is";
  if (process.state == ProcessState::stopped) reason += "; it is stopped, as by Ctrl-Z";
  return {.kind = ProcessKind::background, .reason = std::move(reason)};
}

Classification without_terminal(const Process& process, const ProcessTable& table) {
  const std::string session = number_of(process.session);
  if (process.is_session_leader()) {
    return {.kind = ProcessKind::daemon, .reason = "it leads session " + session + ", which has no terminal"};
  }
  if (has_shape_of_double_fork(process, table)) {
    return {.kind = ProcessKind::daemon,
            .reason = "session " + session +
                      " has no terminal, and no leader any more who could get one: what a double fork leaves"};
  }
  const Process& top = top_of_session(process, table);
  const Process* above = table.parent_of(top);
  const bool is_detached = above == nullptr || is_init(*above);
  const bool is_daemon = top.is_session_leader() ? is_detached : has_shape_of_double_fork(top, table);
  if (&top != &process && is_daemon && !is_init(top)) {
    return {.kind = ProcessKind::daemon,
            .reason = "it belongs to the session of the daemon " + called(top) + ", which has no terminal"};
  }
  const Process* parent = table.parent_of(process);
  return {.kind = ProcessKind::background,
          .reason = (parent != nullptr ? "it works below " + called(*parent) + ", which lives"
                                       : std::string("its parent is outside of what can be seen")) +
                    ", in a session without a terminal"};
}

Classification classify_zombie(const Process& process, const ProcessTable& table) {
  const Process* parent = table.parent_of(process);
  return {.kind = ProcessKind::zombie,
          .reason = "it has ended, and its parent " +
                    (parent != nullptr ? called(*parent) : std::string("outside of what can be seen")) +
                    " has not waited for it"};
}

Classification classify_orphan(const Process& process, const ProcessTable& table, Adoption adoption) {
  const Process* parent = table.parent_of(process);
  std::string reason = "its parent has ended, and " + called(*parent) + " has adopted it: " + adoption.because;
  if (process.terminal) reason += "; it still belongs to " + process.terminal->name();
  return {.kind = ProcessKind::orphan, .reason = std::move(reason), .adoption = std::move(adoption)};
}

}  // namespace

std::string_view to_string(ProcessKind kind) noexcept {
  switch (kind) {
    case ProcessKind::init:
      return "init";
    case ProcessKind::kernel:
      return "kernel";
    case ProcessKind::zombie:
      return "zombie";
    case ProcessKind::orphan:
      return "orphan";
    case ProcessKind::foreground:
      return "foreground";
    case ProcessKind::background:
      return "background";
    case ProcessKind::daemon:
      break;
  }
  return "daemon";
}

std::optional<Adoption> adoption_of(const Process& process, const ProcessTable& table) {
  const Process* parent = table.parent_of(process);
  if (parent == nullptr || process.is_kernel_thread || is_init(process)) return std::nullopt;
  if (process.is_session_leader()) return adoption_of_leader(process, *parent);
  if (process.session == parent->session) return std::nullopt;

  const std::string because =
      "it is in session " + number_of(process.session) + ", to which " + called(*parent) + " does not belong";
  // Only setsid changes a session, and makes a leader: who leads none has always been where it is.
  const Process* leader = table.session_leader_of(process);
  const bool never_was_there = is_init(*parent) || !parent->is_session_leader() ||
                               (leader != nullptr && leader->start_ticks > parent->start_ticks);
  if (never_was_there) return Adoption{.by = parent->pid, .certainty = Certainty::certain, .because = because};
  // A parent older than the session's living leader was not born in that session; a younger one may have been, and
  // have left it after this child was born.
  if (leader != nullptr && leader->start_ticks < parent->start_ticks) return std::nullopt;
  return Adoption{.by = parent->pid, .certainty = Certainty::likely, .because = because};
}

Classification classify(const Process& process, const ProcessTable& table) {
  if (is_init(process)) {
    return {.kind = ProcessKind::init, .reason = "process 1 is the first of all, and adopts who has lost its parent"};
  }
  if (process.is_kernel_thread) return {.kind = ProcessKind::kernel, .reason = "it is a thread of the kernel"};
  if (process.is_zombie()) return classify_zombie(process, table);
  auto adoption = adoption_of(process, table);
  if (adoption && !process.is_session_leader() && !has_shape_of_double_fork(process, table)) {
    return classify_orphan(process, table, std::move(*adoption));
  }
  Classification found = process.terminal ? with_terminal(process) : without_terminal(process, table);
  found.adoption = std::move(adoption);
  return found;
}

}  // namespace foster
