#include "supervisor/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

namespace foster::supervisor {

namespace asio = boost::asio;

struct Loop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

void Loop::run() {
  impl_->context.run();
}
void Loop::stop() {
  impl_->context.stop();
}
void Loop::post(std::move_only_function<void()> deed) {
  asio::post(impl_->context, std::move(deed));
}
asio::io_context& Loop::context() {
  return impl_->context;
}

struct Watch::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& context, int fd, std::function<void()> callback, Watch::For what)
      : descriptor(context, fd),
        ready(std::move(callback)),
        event(what == Watch::For::reading ? asio::posix::stream_descriptor::wait_read
                                          : asio::posix::stream_descriptor::wait_write) {}

  void wait() {
    descriptor.async_wait(event, [self = shared_from_this()](const boost::system::error_code& error) {
      if (error || !self->alive) return;
      self->ready();
      if (self->alive) self->wait();
    });
  }

  asio::posix::stream_descriptor descriptor;
  std::function<void()> ready;
  asio::posix::stream_descriptor::wait_type event;
  bool alive = true;
};

Watch::Watch(Loop& loop, BorrowedFd fd, std::function<void()> ready, For what)
    : impl_(std::make_shared<Impl>(loop.context(), fd.get(), std::move(ready), what)) {
  impl_->wait();
}

Watch::~Watch() {
  if (!impl_) return;
  impl_->alive = false;
  (void)impl_->descriptor.release();  // deregisters; the descriptor stays its owner's
}

Watch& Watch::operator=(Watch&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

// A timerfd of its own: Asio's timers, once used, wake an idle process every five minutes.
struct Timer::Impl {
  Impl(Loop& on, std::function<void()> callback)
      : loop(on), due(std::make_shared<const std::function<void()>>(std::move(callback))) {}

  void fire() {
    std::uint64_t expirations = 0;
    if (::read(fd.get(), &expirations, sizeof expirations) != sizeof expirations) return;  // armed anew since
    const auto call = due;                                                                 // it may destroy the timer
    (*call)();
  }

  Loop& loop;
  std::shared_ptr<const std::function<void()>> due;
  UniqueFd fd;
  std::optional<Watch> watch;
};

Timer::Timer(Loop& loop, std::function<void()> due) : impl_(std::make_unique<Impl>(loop, std::move(due))) {}

Timer::~Timer() = default;

void Timer::arm(core::Instant when) {
  if (!impl_->fd) {
    impl_->fd.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!impl_->fd) throw std::system_error(errno, std::generic_category(), "timerfd_create");
    impl_->watch.emplace(impl_->loop, impl_->fd, [impl = impl_.get()] { impl->fire(); });
  }
  // Zero would disarm; whatever is past is due at once.
  const auto nanoseconds = std::max<std::int64_t>(when.time_since_epoch().count(), 1);
  constexpr std::int64_t kSecond = 1'000'000'000;
  const itimerspec time{.it_interval = {}, .it_value = {nanoseconds / kSecond, nanoseconds % kSecond}};
  (void)::timerfd_settime(impl_->fd.get(), TFD_TIMER_ABSTIME, &time, nullptr);  // cannot fail on a timerfd of ours
}

void Timer::cancel() {
  if (!impl_->fd) return;
  const itimerspec never{};
  (void)::timerfd_settime(impl_->fd.get(), 0, &never, nullptr);
}

}  // namespace foster::supervisor
