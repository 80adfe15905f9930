#include "lib/guardian.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <string>

#include <foster/exit_status.hpp>
#include "lib/guardian_process.hpp"
#include "sys/check.hpp"
#include "sys/facilities.hpp"

namespace foster {
namespace {

struct Received {
  GuardianMessage message;
  UniqueFd fd;
};

/// The next message; empty when the guardian has ended without one.
std::optional<Received> await_message(sys::Channel& channel, const std::optional<sys::ProcessHandle>& guardian) {
  for (;;) {
    // Asked first: what it said before its end is in the channel by then.
    const bool has_ended = !guardian || !guardian->is_alive();
    Received received{};
    const std::span message(&received.message, 1);
    const auto receipt = channel.take(std::as_writable_bytes(message), std::span(&received.fd, 1));
    if (!receipt || receipt->outcome == sys::Channel::Outcome::end) return std::nullopt;
    if (receipt->outcome == sys::Channel::Outcome::message) return received;
    if (has_ended) return std::nullopt;
    std::array<pollfd, 2> watched{pollfd{channel.fd().get(), POLLIN, 0}, pollfd{guardian->fd().get(), POLLIN, 0}};
    (void)::poll(watched.data(), watched.size(), -1);
  }
}

Result<std::optional<UniqueFd>> open_cgroup_kill(const std::optional<sys::Cgroup>& cgroup) {
  if (!cgroup || !sys::facility_allowed(sys::Facility::cgroup_kill)) return std::nullopt;
  UniqueFd file(::openat(cgroup->fd().get(), "cgroup.kill", O_WRONLY | O_CLOEXEC));
  if (!file && errno != ENOENT) return failure("open", errno, cgroup->path() + "/cgroup.kill");
  if (!file) return std::nullopt;  // before Linux 5.14; what is below the guardian is found without it
  return file;
}

ExitStatus status_of_lost(const std::optional<sys::ProcessHandle>& guardian) {
  if (!guardian) return ExitUnknown{};
  const auto exit = sys::await_exit(guardian->fd());
  if (exit.state != sys::ChildExit::State::ended) return ExitUnknown{};
  return exit_status_from_wait(exit.report.wait_status);
}

}  // namespace

Result<GuardedSpawn> spawn_guarded(sys::SpawnRequest& request, const std::optional<sys::Cgroup>& cgroup) {
  auto ends = sys::Channel::pair();
  if (!ends) return Failure(ends.error());
  const auto parent = sys::ProcessHandle::open(Pid(::getpid()));
  if (!parent) return Failure(parent.error());
  auto ended_children = sys::SignalFd::open({*Signal::from_number(SIGCHLD)});
  if (!ended_children) return Failure(ended_children.error());
  const auto cgroup_kill = open_cgroup_kill(cgroup);
  if (!cgroup_kill) return Failure(cgroup_kill.error());

  std::optional<sys::ProcessHandle> guardian;
  sys::Channel& ours = ends->first;
  std::optional<sys::Channel> its(std::move(ends->second));
  request.parent_death_signal = Signal::from_number(SIGKILL);
  request.start_elsewhere = [&](const sys::StartChild& start) -> Result<sys::Started> {
    const pid_t pid = ::_Fork();
    if (pid < 0) return failure("fork", errno, "guardian");
    if (pid == 0) {
      const auto kill_file = *cgroup_kill ? std::optional<BorrowedFd>(**cgroup_kill) : std::nullopt;
      run_guardian({*its, parent->fd(), *ended_children, kill_file}, start);
    }
    its.reset();
    auto handle = sys::ProcessHandle::open(Pid(pid));
    // Gone already where SIGCHLD is ignored and the child was quick; what it had to say is in the channel.
    if (!handle && handle.error().code != ESRCH) {
      (void)::shutdown(ours.fd().get(), SHUT_WR);  // it kills what it has started, and ends
      (void)sys::await_exit(Pid(pid));             // still its own number
      return Failure(handle.error());
    }
    if (handle) guardian = std::move(*handle);
    auto received = await_message(ours, guardian);
    if (!received) return failure("guardian", 0, to_string(status_of_lost(guardian)));
    received->message.started.pidfd = received->fd.release();
    return received->message.started;
  };
  auto spawned = sys::spawn(request);
  if (!spawned) {
    if (guardian) (void)sys::await_exit(guardian->fd());  // it has nothing to guard, and leaves
    return Failure(spawned.error());
  }
  return GuardedSpawn{std::move(*spawned), Guardian(std::move(ours), std::move(guardian))};
}

std::optional<sys::ExitReport> Guardian::await_report() {
  const auto received = await_message(channel_, process_);
  if (!received) return std::nullopt;
  if (received->message.is_last && process_) {
    (void)sys::await_exit(process_->fd());  // it has said its last word
    process_.reset();
  }
  return received->message.report;
}

void Guardian::reap_if_ended() noexcept {
  if (process_ && sys::release_exit(process_->fd()).state != sys::ChildExit::State::running) process_.reset();
}

Result<> Guardian::end() {
  if (!process_) return {};
  (void)::shutdown(channel_.fd().get(), SHUT_WR);  // fails when it is gone already
  const auto exit = sys::await_exit(process_->fd());
  process_.reset();
  const bool is_told = exit.state == sys::ChildExit::State::ended;
  const auto left = ExitStatus(Exited{static_cast<int>(GuardianExit::something_left)});
  if (is_told && exit_status_from_wait(exit.report.wait_status) == left) return failure("kill", EPERM);
  return {};
}

}  // namespace foster
