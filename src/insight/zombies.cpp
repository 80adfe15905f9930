#include "insight/zombies.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <csignal>
#include <map>

#include "sys/clock.hpp"
#include "sys/pidfd.hpp"

namespace foster::insight {
namespace {

constexpr int kLookMilliseconds = 10;

bool has(std::uint64_t mask, int signal) {
  return (mask >> static_cast<unsigned>(signal - 1) & 1U) != 0;
}

/// A pid may be another process's by now; the start time tells.
bool is_still_zombie(const Process& zombie) {
  const auto stat = sys::read_stat(zombie.pid);
  return stat && stat->state == 'Z' && stat->starttime == zombie.start_ticks;
}

std::size_t count_left(const Debtor& debtor) {
  return static_cast<std::size_t>(
      std::ranges::count_if(debtor.zombies, [](const Process* zombie) { return is_still_zombie(*zombie); }));
}

}  // namespace

std::string_view to_string(ChildSignal signal) noexcept {
  switch (signal) {
    case ChildSignal::caught:
      return "caught";
    case ChildSignal::blocked:
      return "blocked";
    case ChildSignal::by_default:
      return "default";
    case ChildSignal::ignored:
      return "ignored";
    case ChildSignal::unknown:
      break;
  }
  return "unknown";
}

ChildSignal child_signal_of(const std::optional<sys::ProcessStatus>& status) noexcept {
  if (!status) return ChildSignal::unknown;
  if (has(status->blocked, SIGCHLD)) return ChildSignal::blocked;
  if (has(status->caught, SIGCHLD)) return ChildSignal::caught;
  if (has(status->ignored, SIGCHLD)) return ChildSignal::ignored;
  return ChildSignal::by_default;
}

std::string advice_for(const Process* parent, ChildSignal on_child, const Service* service) {
  if (parent == nullptr) return "its parent is outside of this pid namespace: look there";
  const int pid = parent->pid.number();
  std::string end_it =
      service != nullptr
          ? fmt::format("restart it: foster --name {} restart {}", service->foster, service->instance)
          : (pid == 1 ? std::string("process 1 does not do its duty; run it below a reaper, as foster init -- COMMAND")
                      : fmt::format("end it, and init adopts and reaps its zombies: kill {}", pid));
  if (parent->state == ProcessState::stopped) {
    return fmt::format("it is stopped, and waits for nothing; let it go on: kill -CONT {}", pid);
  }
  if (parent->state == ProcessState::disk) return "it hangs in the kernel (state D), and can wait for nobody";
  switch (on_child) {
    case ChildSignal::caught:
      return "it catches SIGCHLD and may have missed some; try: foster zombies --nudge; otherwise " + end_it;
    case ChildSignal::blocked:
      return "it blocks SIGCHLD, to read it elsewhere or by mistake; a nudge rarely helps; " + end_it;
    case ChildSignal::by_default:
      return "it does not listen to SIGCHLD, so no nudge can help; " + end_it;
    case ChildSignal::ignored:
      return "it ignores SIGCHLD by now, but not when these ended; no nudge can help; " + end_it;
    case ChildSignal::unknown:
      break;
  }
  return end_it;
}

std::vector<Debtor> find_debtors(const View& view) {
  std::map<pid_t, Debtor> by_parent;
  for (const Process& process : view.table().processes()) {
    if (!process.is_zombie() || process.is_kernel_thread) continue;
    Debtor& debtor = by_parent[process.parent ? process.parent->number() : 0];
    debtor.parent = view.table().parent_of(process);
    debtor.zombies.push_back(&process);
  }
  std::vector<Debtor> debtors;
  for (auto& [pid, debtor] : by_parent) {
    if (debtor.parent != nullptr) debtor.on_child = child_signal_of(sys::read_status(debtor.parent->pid));
    const Service* service = debtor.parent != nullptr ? view.service_of(*debtor.parent) : nullptr;
    debtor.advice = advice_for(debtor.parent, debtor.on_child, service);
    debtors.push_back(std::move(debtor));
  }
  std::ranges::stable_sort(debtors, std::ranges::greater{}, [](const Debtor& debtor) { return debtor.zombies.size(); });
  return debtors;
}

std::vector<Nudge> nudge(const std::vector<Debtor>& debtors, std::chrono::milliseconds patience) {
  std::vector<Nudge> nudges;
  std::vector<const Debtor*> nudged;
  for (const Debtor& debtor : debtors) {
    if (debtor.parent == nullptr) continue;
    nudged.push_back(&debtor);
    Nudge result{.parent = debtor.parent->pid, .zombies_before = debtor.zombies.size()};
    const auto handle = sys::ProcessHandle::open(
        sys::ProcessIdentity{.pid = debtor.parent->pid.number(), .start_time = debtor.parent->start_ticks});
    const auto sent = handle ? handle->signal(*Signal::from_number(SIGCHLD)) : Result<>(Failure(handle.error()));
    if (!sent) result.problem = to_string(sent.error());
    nudges.push_back(std::move(result));
  }
  const auto deadline = sys::monotonic_now() + patience;
  for (;;) {
    bool is_over = true;
    for (std::size_t i = 0; i < nudges.size(); ++i) {
      nudges[i].zombies_left = count_left(*nudged[i]);
      is_over = is_over && (nudges[i].zombies_left == 0 || !nudges[i].problem.empty());
    }
    if (is_over || sys::monotonic_now() >= deadline) return nudges;
    (void)::poll(nullptr, 0, kLookMilliseconds);
  }
}

}  // namespace foster::insight
