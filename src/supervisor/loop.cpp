#include "supervisor/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
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
  Impl(asio::io_context& context, int fd, std::function<void()> callback)
      : descriptor(context, fd), readable(std::move(callback)) {}

  void wait() {
    descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                          [self = shared_from_this()](const boost::system::error_code& error) {
                            if (error || !self->alive) return;
                            self->readable();
                            if (self->alive) self->wait();
                          });
  }

  asio::posix::stream_descriptor descriptor;
  std::function<void()> readable;
  bool alive = true;
};

Watch::Watch(Loop& loop, BorrowedFd fd, std::function<void()> readable)
    : impl_(std::make_shared<Impl>(loop.context(), fd.get(), std::move(readable))) {
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

struct Timer::Impl : std::enable_shared_from_this<Impl> {
  Impl(asio::io_context& context, std::function<void()> callback) : timer(context), due(std::move(callback)) {}

  asio::steady_timer timer;
  std::function<void()> due;
  bool alive = true;
};

Timer::Timer(Loop& loop, std::function<void()> due) : impl_(std::make_shared<Impl>(loop.context(), std::move(due))) {}

Timer::~Timer() {
  impl_->alive = false;
  impl_->timer.cancel();
}

void Timer::arm(core::Instant when) {
  // The kernel's monotonic clock is libstdc++'s steady_clock.
  impl_->timer.expires_at(std::chrono::steady_clock::time_point(when.time_since_epoch()));
  impl_->timer.async_wait([self = impl_](const boost::system::error_code& error) {
    if (!error && self->alive) self->due();
  });
}

void Timer::cancel() {
  impl_->timer.cancel();
}

}  // namespace foster::supervisor
