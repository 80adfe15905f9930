#include <foster/child.hpp>

#include <unistd.h>

#include <utility>

#include "lib/child_state.hpp"
#include "sys/clock.hpp"

namespace foster {

Child::Child(std::shared_ptr<ChildState> state) noexcept : state_(std::move(state)) {}

Child::Child(Child&& other) noexcept = default;

Child& Child::operator=(Child&& other) noexcept {
  if (this == &other) return *this;
  if (state_) state_->end_for_good();
  state_ = std::move(other.state_);
  return *this;
}

Child::~Child() {
  if (state_) state_->end_for_good();
}

Pid Child::pid() const noexcept {
  return state_->process().pid();
}

BorrowedFd Child::fd() const noexcept {
  return state_->process().fd();
}

bool Child::is_alive() const noexcept {
  return state_->is_alive();
}

Result<> Child::signal(Signal signal) const {
  return state_->signal(signal);
}

const Ended& Child::wait() {
  return state_->wait();
}

std::optional<Ended> Child::try_wait() {
  return state_->try_wait();
}

std::optional<Ended> Child::wait_for(std::chrono::nanoseconds patience) {
  return state_->wait_until(sys::monotonic_now() + patience);
}

// The steady clock is CLOCK_MONOTONIC on Linux.
std::optional<Ended> Child::wait_until(std::chrono::steady_clock::time_point deadline) {
  return state_->wait_until(deadline.time_since_epoch());
}

Result<Ended> Child::stop(const StopPlan& plan) {
  return state_->stop(plan);
}

UniqueFd Child::take_input() {
  return take_pipe(STDIN_FILENO);
}

UniqueFd Child::take_output() {
  return take_pipe(STDOUT_FILENO);
}

UniqueFd Child::take_error() {
  return take_pipe(STDERR_FILENO);
}

UniqueFd Child::take_pipe(int target) {
  return state_->take_pipe(target);
}

}  // namespace foster
