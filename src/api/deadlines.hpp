// How long a client may take: one timerfd for all of them, disarmed while nothing is outstanding. (Asio's own
// timers, once used, go on waking an idle process every few minutes.) Internal to api/.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace foster::api {

class Deadlines : public std::enable_shared_from_this<Deadlines> {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Key = std::pair<Time, std::uint64_t>;

  explicit Deadlines(boost::asio::io_context& loop);

  /// Calls `expired` once after `time`, from the loop.
  Key add(std::chrono::milliseconds time, std::move_only_function<void()> expired);
  /// Forgets it; one that has expired already is ignored.
  void remove(const Key& key);
  /// Forgets all, and lets go of the loop.
  void close();

 private:
  void listen();
  void expire();
  void arm();

  boost::asio::posix::stream_descriptor timer_;
  std::map<Key, std::move_only_function<void()>> waiting_;
  std::uint64_t count_ = 0;
  Time armed_for_ = Time::max();  ///< max: disarmed.
  bool is_listening_ = false;
};

}  // namespace foster::api
