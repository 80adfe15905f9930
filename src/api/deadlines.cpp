#include "api/deadlines.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <boost/asio/error.hpp>

#include <array>
#include <system_error>

namespace foster::api {
namespace {

int make_timer() {
  const int fd = ::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "timerfd_create");
  return fd;
}

}  // namespace

Deadlines::Deadlines(boost::asio::io_context& loop) : timer_(loop, make_timer()) {}

Deadlines::Key Deadlines::add(std::chrono::milliseconds time, std::move_only_function<void()> expired) {
  const Key key{std::chrono::steady_clock::now() + time, ++count_};
  waiting_.emplace(key, std::move(expired));
  arm();
  listen();
  return key;
}

void Deadlines::remove(const Key& key) {
  waiting_.erase(key);
  arm();
}

void Deadlines::close() {
  waiting_.clear();
  boost::system::error_code ignored;
  timer_.close(ignored);  // a timer that cannot be closed is closed all the same
}

void Deadlines::arm() {
  const Time first = waiting_.empty() ? Time::max() : waiting_.begin()->first.first;
  if (first == armed_for_ || !timer_.is_open()) return;
  armed_for_ = first;
  itimerspec wanted{};
  if (first != Time::max()) {
    // steady_clock is CLOCK_MONOTONIC; zero would disarm, and no deadline lies there.
    const auto since_boot = first.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
    wanted.it_value.tv_sec = static_cast<time_t>(seconds.count());
    wanted.it_value.tv_nsec = static_cast<long>((since_boot - seconds).count());
  }
  (void)::timerfd_settime(timer_.native_handle(), TFD_TIMER_ABSTIME, &wanted, nullptr);  // cannot fail for these
}

void Deadlines::listen() {
  if (std::exchange(is_listening_, true)) return;
  timer_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](boost::system::error_code error) {
                      const auto self = weak.lock();
                      if (!self || error) return;
                      self->is_listening_ = false;
                      self->expire();
                    });
}

void Deadlines::expire() {
  std::array<char, sizeof(std::uint64_t)> count{};
  (void)!::read(timer_.native_handle(), count.data(), count.size());  // only to make it unreadable again
  armed_for_ = Time::max();
  const Time now = std::chrono::steady_clock::now();
  const auto self = shared_from_this();
  while (!waiting_.empty() && waiting_.begin()->first.first <= now) {
    auto node = waiting_.extract(waiting_.begin());
    node.mapped()();
  }
  arm();
  if (timer_.is_open()) listen();
}

}  // namespace foster::api
