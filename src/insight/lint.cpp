#include "insight/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "insight/capabilities.hpp"
#include "insight/signals.hpp"

namespace foster::insight {
namespace {

constexpr std::string_view kUnseen = "cannot be seen: the process belongs to somebody else, or has gone";

/// Programs that are made to be a daemon's parent.
constexpr std::array<std::string_view, 9> kSupervisors{
    "systemd", "foster: reaper", "supervisord", "runsv", "s6-supervise", "dinit", "launchd", "init", "monit"};

class Judge {
 public:
  Judge(const Process& process, const View& view, const Facts& facts, const Circumstances& circumstances)
      : process_(process), view_(view), facts_(facts), circumstances_(circumstances) {}

  std::vector<Finding> judge() {
    session();
    terminal();
    leadership();
    parent();
    directory();
    umask();
    standard_streams();
    descriptors();
    deleted_files();
    pidfile();
    signals();
    children();
    privileges();
    return std::move(findings_);
  }

 private:
  void add(std::string_view rule, Verdict verdict, std::string evidence, std::string fix = {}) {
    if (verdict == Verdict::pass) fix.clear();
    findings_.push_back({.rule = rule, .verdict = verdict, .evidence = std::move(evidence), .fix = std::move(fix)});
  }
  static Verdict unless(bool is_good, Verdict otherwise) { return is_good ? Verdict::pass : otherwise; }

  void session() {
    const Process* above = view_.table().parent_of(process_);
    const Process* leader = view_.table().session_leader_of(process_);
    const std::string number = process_.session ? std::to_string(process_.session->number()) : "none";
    if (process_.is_session_leader()) {
      add("own-session", Verdict::pass, "it leads session " + number);
    } else if (leader == nullptr && process_.session) {
      add("own-session", Verdict::pass, "the leader of its session " + number + " has ended");
    } else {
      const bool is_family = above != nullptr && leader != nullptr && !process_.terminal &&
                             view_.classify(process_).kind == ProcessKind::daemon;
      add("own-session", unless(is_family, Verdict::fail),
          fmt::format("it is in session {}{}", number, leader != nullptr ? " of " + called(*leader) : ""),
          "call setsid() after a fork (foster::daemonize does)");
    }
  }

  void terminal() {
    if (!process_.terminal) return add("no-terminal", Verdict::pass, "it has no controlling terminal");
    add("no-terminal", Verdict::fail, "its controlling terminal is " + process_.terminal->name(),
        "call setsid(): a terminal that closes would take it along");
  }

  void leadership() {
    const bool is_leader = process_.is_session_leader();
    add("cannot-get-a-terminal", unless(!is_leader, Verdict::warn),
        is_leader ? "it leads its session, and gets a terminal by opening one without O_NOCTTY"
                  : "it leads no session, and so can get no terminal",
        "fork once more after setsid(), and let the leader end");
  }

  void parent() {
    const Process* above = view_.table().parent_of(process_);
    const auto adoption = view_.classify(process_).adoption;
    const std::string fix = "let the launcher end once the daemon is ready, or run it below a supervisor";
    if (above == nullptr) return add("parent", Verdict::warn, "its parent is outside of what can be seen", fix);
    if (above->pid == Pid(1)) return add("parent", Verdict::pass, "its parent is init");
    if (adoption) return add("parent", Verdict::pass, called(*above) + " has adopted it");
    const bool is_supervised =
        view_.is_reaper(*above) || std::ranges::find(kSupervisors, above->name) != kSupervisors.end();
    if (is_supervised) return add("parent", Verdict::pass, "its parent is the supervisor " + called(*above));
    add("parent", above->terminal ? Verdict::fail : Verdict::warn, "its parent is " + called(*above), fix);
  }

  void directory() {
    const std::string fix = "chdir(\"/\"), or to a directory of its own on a file system that stays";
    if (!facts_.directory) return add("working-directory", Verdict::warn, std::string(kUnseen));
    if (facts_.directory->ends_with(" (deleted)")) {
      return add("working-directory", Verdict::fail, "it works in " + *facts_.directory, fix);
    }
    const bool pins = circumstances_.pins_a_mount.value_or(false);
    add("working-directory", unless(!pins, Verdict::warn),
        *facts_.directory + (pins ? ", which keeps that mount from being unmounted" : ", on the root file system"),
        fix);
  }

  void umask() {
    if (!facts_.status || !facts_.status->umask) return add("umask", Verdict::warn, std::string(kUnseen));
    const unsigned mask = *facts_.status->umask;
    const bool keeps_others_out = (mask & 0022U) == 0022U;
    add("umask",
        keeps_others_out      ? Verdict::pass
        : (mask & 0002U) == 0 ? Verdict::fail
                              : Verdict::warn,
        fmt::format("{:04o}{}", mask, keeps_others_out ? "" : ": what it makes, others may write"),
        "umask(022) or stricter");
  }

  void standard_streams() {
    if (!facts_.descriptors) return add("standard-streams", Verdict::warn, std::string(kUnseen));
    std::string evidence;
    Verdict verdict = Verdict::pass;
    for (int number = 0; number <= 2; ++number) {
      const std::string* target = facts_.descriptor(number);
      const bool is_good = target != nullptr && !is_terminal_path(*target);
      if (!is_good) verdict = Verdict::fail;
      evidence += fmt::format("{}{}: {}", evidence.empty() ? "" : ", ", number,
                              target == nullptr ? "closed, so that the next file opened gets the number" : *target);
    }
    add("standard-streams", verdict, std::move(evidence), "redirect 0, 1 and 2 to /dev/null or to files with dup2()");
  }

  void descriptors() {
    if (!facts_.descriptors) return add("inherited-descriptors", Verdict::warn, std::string(kUnseen));
    const std::string fix = "close what is not needed with close_range() before work begins";
    for (const auto& link : *facts_.descriptors) {
      if (link.number <= 2) continue;
      const bool is_planted =
          !circumstances_.planted_descriptor.empty() && link.target == circumstances_.planted_descriptor;
      if (is_planted || is_terminal_path(link.target)) {
        return add("inherited-descriptors", Verdict::fail,
                   fmt::format("{} is {}{}", link.number, link.target, is_planted ? ", from whoever started it" : ""),
                   fix);
      }
    }
    const auto more = std::ranges::count_if(*facts_.descriptors, [](const auto& link) { return link.number > 2; });
    add("inherited-descriptors", Verdict::pass,
        circumstances_.planted_descriptor.empty()
            ? fmt::format("{} beyond 2, none of them a terminal", more)
            : fmt::format("{} beyond 2; the one that was left open for it is closed", more));
  }

  void deleted_files() {
    if (!facts_.descriptors) return add("deleted-files", Verdict::warn, std::string(kUnseen));
    for (const auto& link : *facts_.descriptors) {
      const bool is_file = link.target.starts_with('/') && !link.target.starts_with("/memfd:") &&
                           !link.target.starts_with("/dev/") && !link.target.starts_with("/SYSV");
      if (!is_file || !link.target.ends_with(" (deleted)")) continue;
      const bool is_log = link.number == 1 || link.number == 2 || link.target.find("log") != std::string::npos;
      return add("deleted-files", is_log ? Verdict::fail : Verdict::warn,
                 fmt::format("{} leads to {}: what it writes there nobody can read", link.number, link.target),
                 "make it open its log anew, mostly with SIGHUP");
    }
    add("deleted-files", Verdict::pass, "no descriptor leads to a deleted file");
  }

  void pidfile() {
    const std::string fix = "hold a lock on the pidfile as long as it lives (foster::take_pidfile does)";
    if (!circumstances_.wrong_pidfiles.empty()) {
      return add("pidfile", Verdict::fail,
                 circumstances_.wrong_pidfiles.front() + " is named like its pidfile and holds another number", fix);
    }
    if (facts_.pidfiles.empty()) return add("pidfile", Verdict::pass, "none was found, and none can be stale");
    for (const PidfileFact& one : facts_.pidfiles) {
      if (!one.is_locked) return add("pidfile", Verdict::warn, one.path + " is right, but nothing locks it", fix);
    }
    add("pidfile", Verdict::pass, facts_.pidfiles.front().path + " is right and locked");
  }

  void signals() {
    if (!facts_.status) return add("signals", Verdict::warn, std::string(kUnseen));
    const SignalMasks masks{
        .blocked = facts_.status->blocked, .ignored = facts_.status->ignored, .caught = facts_.status->caught};
    const auto hangup = disposition(masks, SIGHUP);
    add("sighup", unless(hangup != Disposition::by_default, Verdict::warn),
        hangup == Disposition::by_default ? "SIGHUP ends it" : "SIGHUP does not end it",
        "catch SIGHUP to reload, or ignore it");
    const auto pipe = disposition(masks, SIGPIPE);
    add("sigpipe", unless(pipe != Disposition::by_default, Verdict::warn),
        pipe == Disposition::by_default ? "a client that goes away ends it by SIGPIPE" : "SIGPIPE does not end it",
        "ignore SIGPIPE, and look at what write() returns");
    const auto term = disposition(masks, SIGTERM);
    const bool is_deaf = term == Disposition::ignored;
    add("sigterm", unless(!is_deaf, Verdict::fail),
        is_deaf ? "it ignores SIGTERM, and can only be killed" : "SIGTERM reaches it",
        "catch SIGTERM and end in order, or leave it at its default");
  }

  void children() {
    const auto zombies = std::ranges::count_if(view_.table().children_of(process_.pid),
                                               [](const Process* child) { return child->is_zombie(); });
    add("children-reaped", unless(zombies == 0, Verdict::fail),
        zombies == 0 ? std::string("it has no zombies")
                     : fmt::format("it has not waited for {} ended children", zombies),
        "wait for children: waitpid(-1, …, WNOHANG) until it says 0, whenever SIGCHLD came");
  }

  void privileges() {
    if (!facts_.status) return add("privileges", Verdict::warn, std::string(kUnseen));
    const auto& uid = facts_.status->uid;
    const std::string fix = "drop supplementary groups, group and user for good after the start";
    if (uid.effective == 0) {
      const bool is_all = has_all_capabilities(facts_.status->effective_capabilities);
      return add("privileges", Verdict::warn, is_all ? "it runs as root" : "it runs as root, with fewer capabilities",
                 fix);
    }
    if (uid.real == 0 || uid.saved == 0) {
      return add("privileges", Verdict::fail,
                 fmt::format("it acts as user {}, and can become root again", uid.effective), fix);
    }
    add("privileges", Verdict::pass, fmt::format("it runs as user {}", uid.effective));
  }

  const Process& process_;
  const View& view_;
  const Facts& facts_;
  const Circumstances& circumstances_;
  std::vector<Finding> findings_;
};

}  // namespace

std::string_view to_string(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::warn:
      return "warn";
    case Verdict::fail:
      break;
  }
  return "fail";
}

std::vector<Finding> lint(const Process& process, const View& view, const Facts& facts,
                          const Circumstances& circumstances) {
  return Judge(process, view, facts, circumstances).judge();
}

Verdict worst_of(const std::vector<Finding>& findings) noexcept {
  Verdict worst = Verdict::pass;
  for (const Finding& finding : findings) worst = std::max(worst, finding.verdict);
  return worst;
}

}  // namespace foster::insight
