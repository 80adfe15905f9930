// Waiting of a coroutine for something that is no I/O. Internal to api/, for connection.hpp.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <utility>

namespace foster::api {

/// One coroutine waits, anybody wakes it. A wake-up that comes first is kept. Unlike a timer that never
/// fires, it keeps nothing armed in the loop.
class WakeUp {
 public:
  explicit WakeUp(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  boost::asio::awaitable<void> wait() {
    if (std::exchange(is_set_, false)) co_return;
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&, void()>(
        [this](auto handler) { waiter_ = std::move(handler); }, boost::asio::use_awaitable);
  }

  void set() {
    if (waiter_) {
      boost::asio::post(executor_, std::exchange(waiter_, nullptr));
    } else {
      is_set_ = true;
    }
  }

  void clear() { is_set_ = false; }

 private:
  boost::asio::any_io_executor executor_;
  std::move_only_function<void()> waiter_;
  bool is_set_ = false;
};

}  // namespace foster::api
