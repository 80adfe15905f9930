#include "insight/predict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <ranges>

namespace foster::insight {
namespace {

// Shells nest a few levels; a circle cannot be, but a table may be torn.
constexpr int kDeepestShell = 16;

std::string signal_name(int signal) {
  return "SIG" + Signal::from_number(signal)->name();
}

/// Whether a process gets SIGHUP.
struct Hangup {
  enum class Comes : std::uint8_t { no, yes, perhaps } comes = Comes::no;
  std::string because;
};

class Oracle {
 public:
  Oracle(const View& view, const Surroundings& surroundings)
      : view_(view), table_(view.table()), surroundings_(surroundings) {}

  Prediction parent_dies(const Process& process) const {
    const Process* parent = table_.parent_of(process);
    if (parent == nullptr) return {Outcome::unknown, "its parent is outside of what can be seen"};
    if (surroundings_.is_namespace_init(parent->pid)) {
      return {Outcome::dies, "its parent " + called(*parent) +
                                 " is process 1 of its pid namespace: when that ends, the kernel kills all others"};
    }
    if (parent->is_session_leader() && process.terminal && parent->session == process.session &&
        process.is_in_foreground()) {
      return fate(process, SIGHUP,
                  fmt::format("its parent {} leads the session of {}; when it ends, the kernel sends SIGHUP to the "
                              "foreground group, {}",
                              called(*parent), process.terminal->name(), group_text(process)));
    }
    if (is_orphaned_by_end_of(*parent, process) && has_stopped_member(process)) {
      return fate(process, SIGHUP,
                  fmt::format("its group {} has stopped members and would have nobody left to continue them; the "
                              "kernel sends SIGHUP and SIGCONT to such a group",
                              group_text(process)));
    }
    if (view_.is_reaper(*parent)) {
      return {Outcome::survives, "its parent is a foster; the supervisor takes its place and goes on with the service"};
    }
    return {Outcome::survives,
            "init, or the nearest ancestor that is a subreaper, adopts it; only a parent-death signal "
            "(PR_SET_PDEATHSIG), which /proc does not show, could end it"};
  }

  Prediction terminal_closes(const Process& process) const {
    if (!process.terminal) return {Outcome::unaffected, "it has no controlling terminal"};
    const Hangup hangup = hangup_of(process, 0);
    switch (hangup.comes) {
      case Hangup::Comes::yes:
        return fate(process, SIGHUP, hangup.because);
      case Hangup::Comes::perhaps:
        return {Outcome::unknown, hangup.because};
      case Hangup::Comes::no:
        break;
    }
    return {Outcome::survives, hangup.because + "; it loses the terminal, and what it reads or writes there fails"};
  }

  Prediction ctrl_c(const Process& process) const {
    if (!process.terminal) return {Outcome::unaffected, "it has no controlling terminal"};
    const std::string terminal = process.terminal->name();
    if (!process.is_in_foreground()) {
      const std::string whose =
          process.foreground_group ? fmt::format(", {},", process.foreground_group->number()) : std::string();
      return {Outcome::unaffected, fmt::format("Ctrl-C goes to the foreground group{} of {}, and its group is {}",
                                               whose, terminal, group_text(process))};
    }
    if (surroundings_.terminal_makes_signals == false) {
      return {Outcome::unaffected,
              terminal + " makes no signal of Ctrl-C at the moment: the program reads it as a byte"};
    }
    const std::string because =
        fmt::format("its group {} is in the foreground of {}, and gets SIGINT", group_text(process), terminal);
    if (is_interactive_shell(process)) {
      return {Outcome::survives, because + "; an interactive shell catches it and asks for the next command"};
    }
    return fate(process, SIGINT, because);
  }

  Prediction logout(const Process& process) const {
    if (const auto decided = by_login_manager()) return *decided;
    if (!process.terminal) {
      return {Outcome::unaffected, "it belongs to no login: it has no controlling terminal" + scope_text()};
    }
    if (process.is_session_leader()) {
      return {Outcome::dies, "it leads the session of " + process.terminal->name() + ": its end is the logout"};
    }
    if (process.is_in_foreground()) {
      Prediction found = terminal_closes(process);
      found.because = "while it is in the foreground, one can only log out by closing the terminal: " + found.because;
      return found;
    }
    const Process* leader = table_.session_leader_of(process);
    if (leader != nullptr && has_stopped_member(process) && is_orphaned_by_end_of(*leader, process)) {
      return fate(process, SIGHUP,
                  fmt::format("its group {} has stopped members, and when {} ends nobody is left to continue them; "
                              "the kernel sends SIGHUP and SIGCONT to such a group",
                              group_text(process), called(*leader)));
    }
    const Process* shell = shell_of_job(process);
    if (shell != nullptr && (shell->name == "zsh" || shell->name == "fish")) {
      return fate(process, SIGHUP, called(*shell) + " sends SIGHUP to its jobs when it exits");
    }
    if (shell != nullptr && shell->name == "bash") {
      return {Outcome::survives,
              called(*shell) + " sends its jobs no SIGHUP at an exit, unless huponexit is set, which cannot be seen"};
    }
    return {Outcome::survives, "it is in the background, and nobody sends it a signal when the shell exits"};
  }

  static Prediction main_thread_exits(const Process& process) {
    if (process.threads > 1) {
      return {Outcome::survives, fmt::format("it has {} threads; the process ends with the last one", process.threads)};
    }
    return {Outcome::dies, "it has one thread, and ends with it"};
  }

 private:
  static std::string group_text(const Process& process) {
    return process.group ? std::to_string(process.group->number()) : std::string("0");
  }

  /// What a signal that ends a process by default does to this one.
  Prediction fate(const Process& process, int signal, const std::string& because) const {
    const std::string name = signal_name(signal);
    const auto masks = surroundings_.signals_of(process.pid);
    if (!masks) return {Outcome::unknown, because + "; what it does with signals cannot be read"};
    switch (disposition(*masks, signal)) {
      case Disposition::ignored:
        return {Outcome::survives, because + "; it ignores " + name};
      case Disposition::blocked:
        return {Outcome::survives, because + "; it blocks " + name + ", which stays pending as long as it does"};
      case Disposition::caught:
        if (signal == SIGHUP && is_interactive_shell(process)) {
          return {Outcome::dies, because + "; an interactive shell catches it, and exits"};
        }
        return {Outcome::unknown, because + "; it catches " + name + " with a handler of its own, which decides"};
      case Disposition::by_default:
        break;
    }
    if (surroundings_.is_namespace_init(process.pid)) {
      return {Outcome::survives, because + "; process 1 of a pid namespace gets no signal without a handler for it"};
    }
    if (signal == SIGINT && process.state == ProcessState::stopped) {
      return {Outcome::survives, because + "; it is stopped: the signal waits until somebody continues it"};
    }
    return {Outcome::dies, because + "; it has the default for " + name + ", which is to end"};
  }

  /// Job control shells ignore the signals that would stop themselves.
  bool is_interactive_shell(const Process& process) const {
    constexpr std::string_view kShells[] = {"bash", "zsh", "fish", "dash", "sh", "ksh", "ksh93", "mksh", "tcsh"};
    if (std::ranges::find(kShells, process.name) == std::end(kShells)) return false;
    const auto masks = surroundings_.signals_of(process.pid);
    const auto copes_with = [&](int signal) { return disposition(*masks, signal) != Disposition::by_default; };
    return masks && copes_with(SIGTSTP) && copes_with(SIGTTOU) && copes_with(SIGINT);
  }

  static bool passes_hangup_on(const Process& shell) {
    return shell.name == "bash" || shell.name == "zsh" || shell.name == "fish";
  }

  /// The interactive shell to which the group is a job: the parent, in another group, of a member that is alive.
  const Process* shell_of_job(const Process& process) const {
    if (!process.group) return nullptr;
    for (const Process* member : table_.group(*process.group)) {
      const Process* parent = table_.parent_of(*member);
      if (parent == nullptr || member->is_zombie() || parent->group == process.group) continue;
      if (parent->session == process.session && is_interactive_shell(*parent)) return parent;
    }
    return nullptr;
  }

  bool has_stopped_member(const Process& process) const {
    return process.group && std::ranges::any_of(table_.group(*process.group), [](const Process* member) {
             return member->state == ProcessState::stopped;
           });
  }

  /// Somebody of the group has a parent in another group of the session: who could continue it.
  bool is_tied(const Process& process, const Process* without) const {
    if (!process.group) return false;
    return std::ranges::any_of(table_.group(*process.group), [&](const Process* member) {
      const Process* parent = table_.parent_of(*member);
      return !member->is_zombie() && member != without && parent != nullptr && parent != without &&
             parent->group != process.group && parent->session == process.session;
    });
  }

  bool is_orphaned_by_end_of(const Process& ending, const Process& process) const {
    return is_tied(process, nullptr) && !is_tied(process, &ending);
  }

  /// What the leader does when the terminal hangs up, which it alone is told.
  Hangup leader_ends(const Process& leader) const {
    const Prediction found = fate(leader, SIGHUP, "");
    if (found.outcome == Outcome::dies) return {Hangup::Comes::yes, ""};
    if (found.outcome == Outcome::survives) {
      return {Hangup::Comes::no,
              "the leader of its session, " + called(leader) + ", outlives the hangup" + found.because};
    }
    return {Hangup::Comes::perhaps, "it hangs on the leader of its session, " + called(leader) + found.because};
  }

  Hangup hangup_of(const Process& process, int depth) const {
    const std::string terminal = process.terminal->name();
    if (process.is_session_leader()) {
      return {Hangup::Comes::yes, "it leads the session of " + terminal + ", and is sent SIGHUP when that closes"};
    }
    const Process* leader = table_.session_leader_of(process);
    if (leader == nullptr) return {Hangup::Comes::perhaps, "the leader of its session cannot be seen"};
    Hangup end = leader_ends(*leader);
    if (process.is_in_foreground()) {
      if (end.comes != Hangup::Comes::yes) return end;
      return {Hangup::Comes::yes,
              fmt::format("its group {} is in the foreground of {}; when that closes, the leader {} ends, and the "
                          "kernel sends SIGHUP to this group",
                          group_text(process), terminal, called(*leader))};
    }
    const Process* shell = shell_of_job(process);
    if (shell != nullptr && passes_hangup_on(*shell) && depth < kDeepestShell && shell->terminal) {
      Hangup above = hangup_of(*shell, depth + 1);
      if (above.comes == Hangup::Comes::yes) {
        return {Hangup::Comes::yes, fmt::format("{} gets SIGHUP when {} closes, and passes it on to its jobs, of which "
                                                "this is one (unless it was disowned)",
                                                called(*shell), terminal)};
      }
      if (above.comes == Hangup::Comes::perhaps) return above;
    }
    if (end.comes == Hangup::Comes::yes && has_stopped_member(process) && is_orphaned_by_end_of(*leader, process)) {
      return {Hangup::Comes::yes, fmt::format("its group {} has stopped members and is orphaned when {} ends; the "
                                              "kernel sends SIGHUP and SIGCONT to such a group",
                                              group_text(process), called(*leader))};
    }
    return {Hangup::Comes::no,
            "its group " + group_text(process) + " is not in the foreground, and no shell would pass SIGHUP on to it"};
  }

  /// systemd ends what belongs to a login or to a user, wherever its terminal is.
  std::optional<Prediction> by_login_manager() const {
    if (!surroundings_.cgroup) return std::nullopt;
    const std::string& group = *surroundings_.cgroup;
    if (is_in_login_scope(group) && surroundings_.kills_user_processes == true) {
      return Prediction{Outcome::dies, "logind is set to KillUserProcesses=yes, and it is in " + group};
    }
    if (group.find("/user@") == std::string::npos) return std::nullopt;
    if (surroundings_.user_lingers == true) {
      return Prediction{Outcome::survives, "it is in " + group + ", and its user lingers (loginctl enable-linger)"};
    }
    if (!surroundings_.user_lingers) {
      return Prediction{Outcome::unknown, "it is in " + group + ", and whether its user lingers is not known"};
    }
    return Prediction{Outcome::dies, "it belongs to the user's systemd (" + group +
                                         "), which ends with the last login, since the user does not linger"};
  }

  static bool is_in_login_scope(const std::string& group) {
    return group.find("/session-") != std::string::npos && group.find(".scope") != std::string::npos;
  }

  std::string scope_text() const {
    if (!surroundings_.cgroup || !is_in_login_scope(*surroundings_.cgroup)) return "";
    return surroundings_.kills_user_processes ? ", and logind leaves processes alone (KillUserProcesses=no)" : "";
  }

  const View& view_;
  const ProcessTable& table_;
  const Surroundings& surroundings_;
};

Predictions all_alike(Outcome outcome, const std::string& because) {
  const Prediction one{outcome, because};
  return {one, one, one, one, one};
}

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::survives:
      return "survives";
    case Outcome::dies:
      return "dies";
    case Outcome::stops:
      return "stops";
    case Outcome::unaffected:
      return "unaffected";
    case Outcome::unknown:
      break;
  }
  return "unknown";
}

Predictions predict(const Process& process, const View& view, const Surroundings& surroundings) {
  if (process.is_kernel_thread) return all_alike(Outcome::unaffected, "it is a thread of the kernel");
  if (process.is_zombie()) {
    Predictions found = all_alike(Outcome::unaffected, "it has ended already");
    found.parent_dies.because = "it has ended already; whoever adopts it waits for it, and it vanishes";
    return found;
  }
  const Oracle oracle(view, surroundings);
  Predictions found{.parent_dies = oracle.parent_dies(process),
                    .terminal_closes = oracle.terminal_closes(process),
                    .ctrl_c = oracle.ctrl_c(process),
                    .logout = oracle.logout(process),
                    .main_thread_exits = Oracle::main_thread_exits(process)};
  if (process.pid == Pid(1)) found.parent_dies = {Outcome::unaffected, "process 1 has no parent"};
  return found;
}

}  // namespace foster::insight
