#include "lib/launch_watch.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <string>

#include <foster/exit_status.hpp>
#include "lib/launch_message.hpp"
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/close_fds.hpp"
#include "sys/pidfd.hpp"
#include "sys/wait.hpp"

namespace foster {
namespace {

using Kind = LaunchMessage::Kind;
using std::chrono::milliseconds;

const Signal kKill = *Signal::from_number(SIGKILL);

LaunchReport failed_with(Error error, int exit_code) {
  LaunchReport report{.exit_code = exit_code == 0 ? 1 : exit_code};
  report.error = std::move(error);
  return report;
}

LaunchReport ended_with(ExitStatus status) {
  return failed_with({"daemon", 0, to_string(status) + " before it was ready"}, as_exit_code(status));
}

/// The launcher's view of one start.
class Launch {
 public:
  Launch(sys::Channel channel, sys::ProcessHandle child, LaunchedChild kind,
         std::optional<milliseconds> patience) noexcept
      : channel_(std::move(channel)), child_(std::move(child)), kind_(kind), patience_(patience) {
    if (patience) deadline_ = sys::monotonic_now() + *patience;
  }

  LaunchReport wait() {
    for (;;) {
      const bool in_time = wait_for_news();
      if (const auto message = next_message()) return conclude(*message);
      if (!child_.is_alive()) {
        // Its last words may have come between the two questions.
        if (const auto message = next_message()) return conclude(*message);
        return ended_with(reap());
      }
      if (!in_time) return give_up();
    }
  }

 private:
  /// False when the patience has come to its end.
  bool wait_for_news() {
    std::array<pollfd, 2> watched{pollfd{child_.fd().get(), POLLIN, 0},
                                  pollfd{channel_at_end_ ? -1 : channel_.fd().get(), POLLIN, 0}};
    const int ready = sys::retry_on_eintr([&] { return ::poll(watched.data(), watched.size(), milliseconds_left()); });
    return ready != 0 || milliseconds_left() != 0;
  }

  /// Rounded up, so that it is 0 only when nothing is left; -1 for ever.
  [[nodiscard]] int milliseconds_left() const {
    if (!deadline_) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*deadline_ - sys::monotonic_now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX));
  }

  std::optional<LaunchMessage> next_message() {
    const TakenMessage taken = take_message(channel_);
    channel_at_end_ = taken.at_end;
    return taken.message;
  }

  LaunchReport conclude(const LaunchMessage& message) {
    if (message.kind == Kind::ready) {
      // The watcher has nothing left to watch. It is our unreaped child, so the signal reaches nobody else.
      if (kind_ == LaunchedChild::watcher) kill_and_reap();
      LaunchReport report{.exit_code = 0};
      report.daemon = Pid(message.pid);
      report.message = message.detail;
      return report;
    }
    if (message.kind == Kind::ended) {
      (void)reap();
      return ended_with(exit_status_from_wait(message.wait_status));
    }
    await_end();
    return failed_with(error_in(message), message.exit_code);
  }

  /// After a failure the daemon is on its way out; a report before it is gone would be early.
  void await_end() {
    while (child_.is_alive()) {
      if (!wait_for_news()) return kill_daemon_and_reap();
      (void)next_message();
    }
    (void)reap();
  }

  LaunchReport give_up() {
    kill_daemon_and_reap();
    const auto waited = std::to_string(patience_.value_or(milliseconds()).count());
    return failed_with({"daemon", ETIMEDOUT, "not ready after " + waited + " ms"}, 1);
  }

  /// The watcher's own death would leave the daemon alive: it has to be asked.
  void kill_daemon_and_reap() {
    if (kind_ == LaunchedChild::daemon) return kill_and_reap();
    send_message(channel_, {.kind = Kind::give_up});
    (void)reap();
  }

  void kill_and_reap() {
    (void)child_.signal(kKill);  // ESRCH: it has just ended by itself
    (void)reap();
  }

  ExitStatus reap() {
    const auto report = sys::await_exit(child_.pid());
    return report ? exit_status_from_wait(report->wait_status) : ExitStatus(ExitUnknown{});
  }

  sys::Channel channel_;
  bool channel_at_end_ = false;
  sys::ProcessHandle child_;
  LaunchedChild kind_;
  std::optional<milliseconds> patience_;
  std::optional<std::chrono::nanoseconds> deadline_;
};

}  // namespace

LaunchReport wait_for_daemon(sys::Channel channel, Pid child, LaunchedChild kind,
                             std::optional<milliseconds> patience) {
  auto handle = sys::ProcessHandle::open(child);
  if (handle) return wait_for_daemon(std::move(channel), std::move(*handle), kind, patience);
  // Our own child, not reaped yet. The daemon must not come up behind the back of a launcher that says it failed.
  if (kind == LaunchedChild::watcher) {
    send_message(channel, {.kind = Kind::give_up});
  } else {
    (void)::kill(child.number(), SIGKILL);
  }
  (void)sys::await_exit(child);
  return failed_with(handle.error(), 1);
}

LaunchReport wait_for_daemon(sys::Channel channel, sys::ProcessHandle child, LaunchedChild kind,
                             std::optional<milliseconds> patience) {
  return Launch(std::move(channel), std::move(child), kind, patience).wait();
}

void watch_daemon(sys::Channel channel, Pid daemon, pid_t launcher) noexcept {
  // Whatever the program had open is the daemon's now; a copy here would keep pipes and locks alive.
  const int kept = channel.fd().get();
  (void)sys::close_fds_from(0, &kept, 1, sys::preferred_close_by());
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launcher) ::_exit(0);
  const auto handle = sys::ProcessHandle::open(daemon);
  if (!handle) ::_exit(0);
  while (handle->is_alive()) {
    std::array<pollfd, 2> watched{pollfd{handle->fd().get(), POLLIN, 0}, pollfd{kept, POLLIN, 0}};
    (void)::poll(watched.data(), watched.size(), -1);
    const TakenMessage taken = take_message(channel);
    if (taken.message) (void)handle->signal(kKill);
    if (taken.at_end) ::_exit(0);
  }
  if (const auto report = sys::await_exit(daemon)) {
    LaunchMessage message{.kind = Kind::ended};
    message.wait_status = report->wait_status;
    send_message(channel, message);
  }
  ::_exit(0);
}

}  // namespace foster
