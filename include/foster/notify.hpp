// Telling whoever started the program how it does: systemd, foster, an s6-style supervisor, or the launcher of
// daemonize. Nobody listening is no error, so a program says the same in every case.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster {

class Daemon;

/// What becomes of the variables that were read.
enum class NotifyEnvironment {
  keep,   ///< A helper may speak for this program.
  unset,  ///< Programs that are started later do not take them for theirs.
};

/// Where to look for listeners.
struct NotifySources {
  NotifyEnvironment environment = NotifyEnvironment::unset;
  /// A variable that holds the number of an s6-style readiness descriptor. There is no common name for one; an s6
  /// service's `run` script sets it, and dinit's `ready-notification = pipevar:NAME`.
  std::string descriptor_variable = {};
};

/// Speaks to every listener that was found or chosen. Each call does nothing, successfully, when nobody listens. Words
/// that an s6-style descriptor or a launcher has no ear for reach the socket alone.
///
/// @fork    A child may use its copy, but is another process to a listener that asks who sent the message.
/// @blocks  Each call, while the listener's queue is full, for at most five seconds: then `EAGAIN`.
/// @example examples/notify.cpp
class Notifier {
 public:
  /// Speaks to nobody.
  Notifier() = default;

  /// From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, as sd_notify(3) and sd_watchdog_enabled(3) do, and from
  /// `sources`. A socket whose address cannot be understood is reported by every call, with `EAFNOSUPPORT`, and a
  /// descriptor that is not open by `ready`, with `EBADF`.
  /// @threads Not while others use the environment.
  [[nodiscard]] static Notifier from_environment(const NotifySources& sources = {});

  /// Also speaks to the socket at this address: a path, or "@" and an abstract name.
  /// @errors `EAFNOSUPPORT` neither of the two; `ENAMETOOLONG`.
  [[nodiscard]] Result<> also_tell_socket(std::string address);

  /// Also tells readiness to this descriptor, by a newline, and closes it then, as s6 expects it.
  void also_tell_descriptor(UniqueFd readiness) noexcept { readiness_ = std::move(readiness); }

  /// Also tells readiness to this daemon's launcher. The daemon must live as long as this is used.
  void also_tell_launcher(Daemon& daemon) noexcept { daemon_ = &daemon; }

  /// Whether anybody listens at all.
  [[nodiscard]] bool has_listener() const noexcept {
    return !address_.empty() || readiness_ || broken_ || daemon_ != nullptr;
  }

  /// The start is over, or a reload. `message` goes to the launcher, and as status to the socket unless it is empty.
  [[nodiscard]] Result<> ready(std::string_view message = {});

  /// One line for people. Line breaks in it become spaces.
  [[nodiscard]] Result<> status(std::string_view line);

  /// A reload has begun; `ready` ends it.
  [[nodiscard]] Result<> reloading();

  /// The end has begun.
  [[nodiscard]] Result<> stopping();

  /// Alive. To be said twice in every `watchdog_interval()`.
  [[nodiscard]] Result<> watchdog();

  /// The process to watch is another one, for example after a fork. Heeded by systemd as far as its unit allows, and by
  /// foster for a process of the same run.
  [[nodiscard]] Result<> main_pid(Pid pid);

  /// The present phase, start or stop, takes longer: this much from now on.
  [[nodiscard]] Result<> extend_timeout(std::chrono::microseconds time);

  /// Waits until the listener has handled what it was told. For a program that ends right after a message, before the
  /// listener could see who sent it.
  /// @errors `ETIMEDOUT` not within `patience`.
  /// @blocks Up to `patience`.
  [[nodiscard]] Result<> barrier(std::chrono::milliseconds patience);

  /// How often `watchdog` is expected; empty when it is not, or is expected of another process.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const noexcept { return watchdog_; }

 private:
  [[nodiscard]] Result<> send(std::string_view text, std::optional<BorrowedFd> handed = {});
  [[nodiscard]] Result<> tell_descriptor();

  std::string address_;  // Empty: none. As sun_path holds it: an abstract name begins with a zero byte.
  UniqueFd socket_;      // Made at the first message.
  UniqueFd readiness_;
  std::optional<Error> broken_;
  std::optional<Error> broken_descriptor_;
  Daemon* daemon_ = nullptr;
  std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace foster
