#include "lib/child_state.hpp"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "lib/abandoned_children.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"

namespace foster {
namespace {

const Signal kKill = *Signal::from_number(SIGKILL);
const Signal kContinue = *Signal::from_number(SIGCONT);

timespec timespec_of(std::chrono::nanoseconds time) noexcept {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((time - seconds).count())};
}

}  // namespace

ChildState::ChildState(sys::ProcessHandle process, ChildReach reach, std::map<int, UniqueFd> pipes) noexcept
    : process_(std::move(process)), reach_(std::move(reach)), pipes_(std::move(pipes)), owner_(::getpid()) {}

bool ChildState::await_readable_end(Deadline deadline) const noexcept {
  for (;;) {
    pollfd end{process_.fd().get(), POLLIN, 0};
    timespec left{};
    if (deadline) left = timespec_of(std::max(*deadline - sys::monotonic_now(), std::chrono::nanoseconds::zero()));
    const int ready = ::ppoll(&end, 1, deadline ? &left : nullptr, nullptr);
    if (ready > 0) return true;
    if (ready == 0) return false;
  }
}

void ChildState::learn_end(const sys::ChildExit& exit) {
  if (exit.state == sys::ChildExit::State::ended) ended_ = ended_from(exit.report);
  // Not a child of ours need not mean that it has ended: this may be a forked copy of the object.
  if (exit.state == sys::ChildExit::State::gone && !process_.is_alive()) ended_ = ended_elsewhere(process_.fd());
}

std::optional<Ended> ChildState::try_wait() {
  if (ended_) {
    if (reach_.guardian) reach_.guardian->reap_if_ended();
    return ended_;
  }
  if (!reach_.guardian) {
    learn_end(sys::release_exit(process_.fd()));
  } else if (!process_.is_alive()) {
    wait();
  }
  return ended_;
}

std::optional<Ended> ChildState::wait_until(Deadline deadline) {
  if (!ended_ && await_readable_end(deadline)) wait();
  return ended_;
}

const Ended& ChildState::wait() {
  while (!ended_) {
    (void)await_readable_end(std::nullopt);
    if (!reach_.guardian) {
      learn_end(sys::await_exit(process_.fd()));
    } else if (const auto report = reach_.guardian->await_report()) {
      ended_ = ended_from(*report);
    } else {
      ended_ = ended_elsewhere(process_.fd());
    }
  }
  return *ended_;
}

Result<> ChildState::signal(Signal signal) const {
  if (!ended_) return process_.signal(signal);
  return failure("signal", ESRCH, "SIG" + signal.name() + " to " + std::to_string(process_.pid().number()));
}

// While the leader has not been waited for, its number is nobody else's, and that of its group neither.
Result<> ChildState::ask(Signal signal) const {
  if (reach_.leads_group && process_.is_alive() && ::kill(-process_.pid().number(), signal.number()) == 0) return {};
  return process_.signal(signal);
}

Result<> ChildState::insist() {
  if (reach_.guardian) return reach_.guardian->end();
  if (reach_.cgroup) (void)reach_.cgroup->kill();  // what is out of reach there is told by the signal below
  if (reach_.leads_group) (void)::kill(-process_.pid().number(), SIGKILL);
  auto done = process_.signal(kKill);
  if (!done && done.error().code != ESRCH && process_.is_alive()) return done;
  return {};
}

Result<Ended> ChildState::stop(const StopPlan& plan) {
  if (!ended_) {
    if (plan.patience.count() > 0) {
      if (auto asked = ask(plan.signal); !asked && asked.error().code != ESRCH) return Failure(asked.error());
      (void)ask(kContinue);  // a stopped process hears nothing before it goes on
      (void)await_readable_end(sys::monotonic_now() + plan.patience);
    }
    if (auto insisted = insist(); !insisted) return Failure(insisted.error());
    return wait();
  }
  if (reach_.guardian) (void)reach_.guardian->end();  // what the child has left running
  return *ended_;
}

UniqueFd ChildState::take_pipe(int target) {
  const auto found = pipes_.find(target);
  if (found == pipes_.end()) return {};
  return std::move(pipes_.extract(found).mapped());
}

void ChildState::end_for_good() noexcept {
  pipes_.clear();
  if (owner_ != ::getpid()) return;
  if (!try_wait()) {
    if (insist()) {
      wait();
    } else if (!reach_.guardian) {
      abandon_child(process_.fd());
    }
  } else if (reach_.guardian) {
    (void)reach_.guardian->end();  // nobody is left to be told
  }
}

}  // namespace foster
