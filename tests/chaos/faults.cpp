#include "faults.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "sys/procfs.hpp"

namespace foster::chaos {
namespace {

constexpr auto kPatience = 60s;
// Longer than a supervisor needs to execute itself anew.
constexpr auto kSureToBeGone = 400ms;

}  // namespace

void Faults::note_kill() {
  if (unsettled_since_ns_ == 0) unsettled_since_ns_ = now_ns();
}

void Faults::kill_supervisor(int signal) {
  const auto supervisor = sandbox_.find_role("supervisor");
  if (!supervisor) return;
  note_kill();
  ::kill(supervisor->pid, signal);
  report_.count(signal == SIGKILL ? "kills of the supervisor" : "crashes of the supervisor (SEGV, ABRT)");
  report_.count("kills");
}

void Faults::kill_reaper() {
  const auto reaper = sandbox_.find_role("reaper");
  if (!reaper) return;
  note_kill();
  losses_.reaper_killed_ns.push_back(now_ns());
  is_reaper_lost_ = true;
  ::kill(reaper->pid, SIGKILL);
  report_.count("kills of the reaper");
  report_.count("kills");
}

void Faults::kill_both() {
  const auto reaper = sandbox_.find_role("reaper");
  const auto supervisor = sandbox_.find_role("supervisor");
  note_kill();
  losses_.reaper_killed_ns.push_back(now_ns());
  is_reaper_lost_ = true;
  // Whoever is left for a moment must not do his duty.
  if (reaper) ::kill(reaper->pid, SIGSTOP);
  if (supervisor) ::kill(supervisor->pid, SIGKILL);
  if (reaper) ::kill(reaper->pid, SIGKILL);
  report_.count("kills of both");
  report_.count("kills", 2);
}

void Faults::stop_supervisor_for(std::chrono::milliseconds how_long) {
  const auto supervisor = sandbox_.find_role("supervisor");
  if (!supervisor) return;
  ::kill(supervisor->pid, SIGSTOP);
  rest(how_long);
  ::kill(supervisor->pid, SIGCONT);
  report_.count("pauses of the supervisor");
}

void Faults::hang_supervisor() {
  settle();
  const auto supervisor = sandbox_.find_role("supervisor");
  if (!supervisor) return;
  note_kill();
  ::kill(supervisor->pid, SIGSTOP);
  report_.count("hangs of the supervisor");
  if (sandbox_.get("/v1/info", kPatience).empty()) report_.find("hang", "nobody answered within a minute");
  if (Sandbox::state_of(supervisor->pid) == 'T') report_.find("hang", "the hanging supervisor was not replaced");
}

void Faults::kill_service(const std::string& instance, int signal, unsigned which) {
  std::vector<Process> found;
  for (Process& process : sandbox_.processes()) {
    if (process.instance == instance && process.role.empty() && !process.tag.empty()) found.push_back(process);
  }
  if (found.empty()) return;
  const pid_t pid = found[which % found.size()].pid;
  losses_.signals[pid].insert(signal);
  losses_.sent.push_back({instance, now_ns(), signal});
  ::kill(pid, signal);
  report_.count("kills of services");
}

void Faults::ensure_somebody() {
  const auto is_anybody = [&] { return sandbox_.find_role("supervisor") || sandbox_.find_role("reaper"); };
  if (is_anybody() || wait_until(is_anybody, kSureToBeGone)) return;
  start_again();
}

void Faults::start_again() {
  const std::uint64_t begin = unsettled_since_ns_ != 0 ? unsettled_since_ns_ : now_ns();
  const Outcome up = sandbox_.run({"up", "-d", "--no-wait"});
  losses_.both_lost.push_back({begin, now_ns()});
  if (up.code != 0) report_.find("start-again", "foster up ended with " + std::to_string(up.code) + ": " + up.output);
  report_.count("starts after both were lost");
}

bool Faults::may_be_nobody(std::uint64_t begin_ns, std::uint64_t end_ns) const {
  const bool is_lost_now = is_reaper_lost_ && unsettled_since_ns_ < end_ns;
  return is_lost_now || losses_.outlived_a_reaper(begin_ns, end_ns) ||
         std::ranges::any_of(losses_.reaper_lost, [&](const Losses::Window& window) {
           return window.begin_ns < end_ns && begin_ns < window.end_ns;
         });
}

// A command that was given meanwhile may have started foster again, before we saw that nobody was left.
bool Faults::has_inherited() const {
  const auto reaper = sandbox_.find_role("reaper");
  if (!reaper) return true;
  const auto words = sys::read_cmdline(Pid(reaper->pid), 64);
  return std::ranges::find(words, "--bequest") != words.end();
}

void Faults::settle() {
  const auto deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline) {
    ensure_somebody();
    if (!sandbox_.get("/v1/info", 20s).empty()) {
      if (is_reaper_lost_ && !has_inherited()) losses_.both_lost.push_back({unsettled_since_ns_, now_ns()});
      if (std::exchange(is_reaper_lost_, false)) losses_.reaper_lost.push_back({unsettled_since_ns_, now_ns()});
      unsettled_since_ns_ = 0;
      return;
    }
    rest(5ms);
  }
  report_.find("recovery", "foster did not answer within a minute");
}

}  // namespace foster::chaos
