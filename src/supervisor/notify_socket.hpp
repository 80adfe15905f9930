// The notify socket of one instance (sd_notify(3)): attribution by socket, the sender proved by the
// credentials the kernel attaches.
#pragma once

#include <functional>
#include <string>

#include <foster/fd.hpp>
#include <foster/result.hpp>

#include "supervisor/loop.hpp"
#include "supervisor/notify_message.hpp"

namespace foster::supervisor {

class NotifySocket {
 public:
  struct Sender {
    pid_t pid;
    uid_t uid;
  };
  using Receive = std::function<void(const NotifyMessage&, Sender)>;

  /// Binds an abstract address made from `name`, so that a service with another uid can reach it: the
  /// runtime directory is closed to it. Abstract addresses are per network namespace.
  [[nodiscard]] static Result<std::unique_ptr<NotifySocket>> open(Loop& loop, const std::string& name, Receive receive);

  /// For the variable NOTIFY_SOCKET: "@foster/…".
  [[nodiscard]] const std::string& address() const { return address_; }

  /// Handles what has arrived: called by the loop, and before an exit is told, so that last words count.
  void drain();

 private:
  NotifySocket(Loop& loop, UniqueFd fd, std::string address, Receive receive);

  UniqueFd fd_;
  std::string address_;
  Receive receive_;
  Watch watch_;
};

}  // namespace foster::supervisor
