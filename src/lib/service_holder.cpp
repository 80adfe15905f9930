#include "lib/service_holder.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <string>
#include <thread>
#include <utility>

#include <foster/pidfile.hpp>
#include "lib/pidfile_lock.hpp"
#include "sys/clock.hpp"

namespace foster {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kKernelPatience = std::chrono::seconds(10);

enum class Waited { ended, still_there };

Waited wait_for_end(const sys::ProcessHandle& process, milliseconds patience) {
  const auto deadline = sys::monotonic_now() + patience;
  for (;;) {
    if (!process.is_alive()) return Waited::ended;
    const auto left = std::chrono::ceil<milliseconds>(deadline - sys::monotonic_now()).count();
    if (left <= 0) return Waited::still_there;
    pollfd watched{process.fd().get(), POLLIN, 0};
    (void)::poll(&watched, 1, static_cast<int>(std::min<decltype(left)>(left, INT_MAX)));
  }
}

Result<> send(const sys::ProcessHandle& process, Signal signal) {
  const auto sent = process.signal(signal);
  if (sent || sent.error().code == ESRCH) return {};
  return failure("signal", sent.error().code, "process " + std::to_string(process.pid().number()));
}

}  // namespace

Result<std::optional<sys::ProcessHandle>> find_pidfile_holder(const std::filesystem::path& pidfile) {
  const auto deadline = sys::monotonic_now() + kSettle;
  for (;;) {
    auto holder = pidfile_holder(pidfile);
    if (holder && !*holder) return std::optional<sys::ProcessHandle>();
    Error in_the_way{"pidfile", EBADMSG, pidfile.native()};
    if (holder) {
      auto handle = sys::ProcessHandle::open(**holder);
      if (handle) {
        const auto proved = pidfile_holder(pidfile);
        if (proved && *proved == *holder && handle->is_alive()) return std::optional(std::move(*handle));
      } else if (handle.error().code != ESRCH) {
        return Failure(handle.error());
      }
    } else if (holder.error().code != EBADMSG) {
      return Failure(holder.error());
    } else {
      in_the_way = holder.error();
    }
    if (sys::monotonic_now() >= deadline) return Failure(in_the_way);
    std::this_thread::sleep_for(kSettlePause);
  }
}

Result<> end_process(const sys::ProcessHandle& process, const StopPlan& plan) {
  if (plan.patience > milliseconds::zero()) {
    if (auto asked = send(process, plan.signal); !asked) return asked;
    if (wait_for_end(process, plan.patience) == Waited::ended) return {};
  }
  if (auto insisted = send(process, *Signal::from_number(SIGKILL)); !insisted) return insisted;
  if (wait_for_end(process, kKernelPatience) == Waited::ended) return {};
  return failure("end", ETIMEDOUT, "process " + std::to_string(process.pid().number()));
}

}  // namespace foster
