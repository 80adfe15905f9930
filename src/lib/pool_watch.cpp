#include "lib/pool_watch.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "sys/check.hpp"

namespace foster {
namespace {

using sys::check;
using sys::check_done;

// What the epoll descriptor tells of: the pool's own three, or a run, which is counted from 1.
constexpr std::uint64_t kWake = UINT64_MAX;
constexpr std::uint64_t kTimer = UINT64_MAX - 1;
constexpr std::uint64_t kSignals = UINT64_MAX - 2;

Result<> watch(BorrowedFd epoll, BorrowedFd fd, std::uint64_t what) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = what}};
  return check_done(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, fd.get(), &event), "epoll add");
}

Result<UniqueFd> owned(Result<int> number) {
  if (!number) return Failure(number.error());
  return UniqueFd(*number);
}

/// Eventfd and timerfd: how much is in it does not matter, only that it is out.
void empty(BorrowedFd fd) {
  std::uint64_t count = 0;
  (void)!::read(fd.get(), &count, sizeof count);  // EAGAIN: somebody's mistake, and no harm
}

}  // namespace

sys::SignalSet master_signals() {
  sys::SignalSet signals;
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGTTIN, SIGTTOU}) signals.add(*Signal::from_number(number));
  return signals;
}

Result<PoolWatch> PoolWatch::make(MasterSignals signals) {
  PoolWatch watcher;
  auto epoll = owned(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create"));
  auto wake = owned(check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd"));
  auto timer = owned(check(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd"));
  for (auto* made : {&epoll, &wake, &timer}) {
    if (!*made) return Failure(made->error());
  }
  watcher.epoll_ = std::move(*epoll);
  watcher.wake_ = std::move(*wake);
  watcher.timer_ = std::move(*timer);
  if (auto done = watch(watcher.epoll_, watcher.wake_, kWake); !done) return Failure(done.error());
  if (auto done = watch(watcher.epoll_, watcher.timer_, kTimer); !done) return Failure(done.error());
  if (signals == MasterSignals::none) return watcher;
  auto opened = sys::SignalFd::open(master_signals());
  if (!opened) return Failure(opened.error());
  watcher.signals_.emplace(std::move(*opened));
  if (auto done = watch(watcher.epoll_, watcher.signals_->fd(), kSignals); !done) return Failure(done.error());
  return watcher;
}

PoolWatch::News PoolWatch::take() {
  std::array<epoll_event, 64> events;
  const int count = sys::retry_on_eintr(
      [&] { return ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0); });
  News news;
  for (int n = 0; n < count; ++n) {
    const std::uint64_t what = events[static_cast<std::size_t>(n)].data.u64;
    if (what == kWake) {
      empty(wake_);
    } else if (what == kTimer) {
      empty(timer_);
      time_.reset();
    } else if (what == kSignals) {
      while (const auto info = signals_->read()) {
        if (const auto signal = Signal::from_number(static_cast<int>(info->ssi_signo))) news.signals.push_back(*signal);
      }
    } else {
      news.ended.push_back(what);
    }
  }
  return news;
}

Result<> PoolWatch::add(BorrowedFd pidfd, std::uint64_t run) {
  return watch(epoll_, pidfd, run);
}

void PoolWatch::remove(BorrowedFd pidfd) {
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, pidfd.get(), nullptr);  // it is there: we added it
}

void PoolWatch::set_time(std::optional<PoolTime> time) {
  if (time == time_) return;
  time_ = time;
  itimerspec spec{};
  if (time) {
    // 0 would disarm it; the past rings at once.
    const auto nanoseconds = std::max<std::int64_t>(time->count(), 1);
    constexpr std::int64_t kSecond = 1'000'000'000;
    spec.it_value = {.tv_sec = nanoseconds / kSecond, .tv_nsec = nanoseconds % kSecond};
  }
  (void)::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);  // fails for bad arguments only
}

void PoolWatch::drop_signals() {
  while (signals_ && signals_->read()) {
  }
}

void PoolWatch::close() {
  epoll_.reset();
  timer_.reset();
  signals_.reset();
  // The worker calls by `wake_`.
}

}  // namespace foster
