#include "lib/worker_birth.hpp"

#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "lib/before_fork.hpp"
#include "lib/daemon_steps.hpp"
#include "lib/worker_self.hpp"
#include "sys/check.hpp"
#include "sys/signals.hpp"
#include "sys/wait.hpp"

namespace foster {
namespace {

using sys::check;

constexpr std::array kFaults{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
constexpr std::array kOfThePool{SIGTERM, SIGINT, SIGHUP, SIGTTIN, SIGTTOU, SIGCHLD};

/// As after an exec: handlers belong to the master, what is ignored stays ignored. A crash reporter is of use here,
/// too; and what the pool sends or is sent must have its usual meaning.
void reset_signals(int stop_signal) noexcept {
  for (int number = 1; number <= SIGRTMAX; ++number) {
    const bool is_pools = number == stop_signal || std::ranges::find(kOfThePool, number) != kOfThePool.end();
    struct sigaction found{};
    if (::sigaction(number, nullptr, &found) != 0) continue;  // glibc's own
    const bool is_handled = found.sa_handler != SIG_DFL && found.sa_handler != SIG_IGN;
    const bool is_fault = std::ranges::find(kFaults, number) != kFaults.end();
    if (is_pools || (is_handled && !is_fault)) (void)::signal(number, SIG_DFL);  // refused for SIGKILL and SIGSTOP
  }
  sys::set_blocked_signals({});
}

WorkerSeed fresh_seed() noexcept {
  WorkerSeed seed{};
  // Less than 256 bytes come whole or not at all; before the machine has any randomness the call waits.
  (void)sys::retry_on_eintr([&] { return ::getrandom(seed.data(), sizeof seed, 0); });
  return seed;
}

/// The generators of the C library would give every worker the same numbers.
void reseed(const std::function<void(const WorkerSeed&)>& hook) {
  const WorkerSeed seed = fresh_seed();
  ::srandom(seed[0]);  // also that of rand
  std::array<unsigned short, 3> state{};
  static_assert(sizeof state <= 2 * sizeof seed[0]);
  std::memcpy(state.data(), &seed[1], sizeof state);
  (void)::seed48(state.data());
  if (hook) hook(fresh_seed());
}

int poll_timeout_for(const PreforkOptions& options) {
  if (!options.heartbeat) return -1;
  using Count = std::chrono::milliseconds::rep;
  return static_cast<int>(std::clamp<Count>(options.heartbeat->count() / 3, 1, INT_MAX));
}

}  // namespace

Result<sys::ProcessHandle> WorkerBirth::fork(const WorkerPlan& plan) {
  if (auto alone = check_single_thread("fork"); !alone) return Failure(alone.error());
  auto stop_fd = check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
  if (!stop_fd) return Failure(stop_fd.error());
  UniqueFd worker_stop(*stop_fd);
  flush_streams();
  const pid_t master = ::getpid();
  pid_t pid = -1;
  int code = 0;
  {
    // No handler of the master's may run in a worker, not even in its first moment.
    const sys::ScopedSignalMask blocked;
    pid = ::fork();
    code = errno;
    if (pid == 0) live(plan, master, std::move(worker_stop));
  }
  if (pid < 0) return failure("fork", code);
  auto handle = sys::ProcessHandle::open(Pid(pid));
  if (!handle) {
    // Nobody could watch it. It is our child, not reaped yet.
    (void)::kill(pid, SIGKILL);
    (void)sys::await_exit(Pid(pid));
  }
  return handle;
}

void WorkerBirth::live(const WorkerPlan& plan, pid_t master, UniqueFd stop_fd) noexcept {
  Worker self(plan.task, Pid(master));
  if (!self.tie_to_master()) ::_exit(EXIT_FAILURE);  // nobody is there to be told
  plan.forget_master();
  reset_signals(plan.options.stop.signal.number());
  if (plan.credentials) {
    if (!become(*plan.credentials)) ::_exit(kNoIdentity);
    if (!self.tie_to_master()) ::_exit(EXIT_FAILURE);
  }
  self.listeners_ = plan.listeners;
  self.words_ = &*plan.words;
  self.wake_fd_ = plan.wake.get();
  self.stop_fd_ = stop_fd.get();
  self.stop_signal_ = plan.options.stop.signal.number();
  self.poll_timeout_ = poll_timeout_for(plan.options);
  set_own_task(plan.task);
  reseed(plan.options.reseed);
  const int exit_code = plan.work(self);
  flush_streams();
  ::_exit(exit_code);
}

}  // namespace foster
