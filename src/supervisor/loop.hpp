// The event loop of the supervisor, with the two things one can wait for: a readable descriptor and
// a point in time. Asio stays behind this header; who speaks a network protocol takes `context()`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <foster/fd.hpp>

#include "core/time.hpp"

namespace boost::asio {
class io_context;
}

namespace foster::supervisor {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Runs until `stop`, calling back from within.
  void run();
  void stop();
  /// Calls `deed` from the loop, after what runs now has returned.
  void post(std::move_only_function<void()> deed);

  [[nodiscard]] boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Calls back whenever the descriptor is readable (or writable), until destroyed. It may be destroyed from within
/// its own callback. The descriptor must outlive it: it is deregistered here, before it is closed.
class Watch {
 public:
  enum class For : std::uint8_t { reading, writing };
  Watch(Loop& loop, BorrowedFd fd, std::function<void()> ready, For what = For::reading);
  ~Watch();
  Watch(Watch&&) noexcept = default;
  Watch& operator=(Watch&& other) noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Calls back once when the point in time has come. Costs nothing while it is not armed.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> due);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Replaces an earlier point in time. Throws when there is no descriptor left for its timerfd.
  void arm(core::Instant when);
  void cancel();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace foster::supervisor
