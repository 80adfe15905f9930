#include <foster/notify.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <foster/daemonize.hpp>
#include "sys/check.hpp"
#include "sys/clock.hpp"
#include "sys/signals.hpp"

namespace foster {
namespace {

using sys::check;
using sys::check_done;
using sys::retry_on_eintr;

// A listener that hangs must not make its services hang for ever.
constexpr timeval kLongestWait{.tv_sec = 5, .tv_usec = 0};

std::optional<std::string> take_variable(const char* name, NotifyEnvironment environment) {
  const char* value = std::getenv(name);
  if (value == nullptr) return std::nullopt;
  std::string text = value;
  if (environment == NotifyEnvironment::unset) (void)::unsetenv(name);
  return text;
}

std::optional<std::uint64_t> number_in(const std::optional<std::string>& text) {
  std::uint64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return value;
}

std::optional<std::chrono::microseconds> read_watchdog(NotifyEnvironment environment) {
  const auto period = number_in(take_variable("WATCHDOG_USEC", environment));
  const auto pid_text = take_variable("WATCHDOG_PID", environment);
  if (!period || *period == 0 || *period > INT64_MAX) return std::nullopt;
  if (pid_text && number_in(pid_text) != static_cast<std::uint64_t>(::getpid())) return std::nullopt;
  return std::chrono::microseconds(*period);
}

Result<UniqueFd> descriptor_from(const std::string& variable, const std::string& text) {
  const auto number = number_in(text);
  const auto named = [&] { return variable + "=" + text; };
  if (!number || *number > INT_MAX) return failure("readiness descriptor", EBADF, named());
  const int fd = static_cast<int>(*number);
  // Children would keep it open, and a listener that waits for its end would wait for theirs.
  if (auto open = check_done(::fcntl(fd, F_SETFD, FD_CLOEXEC), "readiness descriptor", named()); !open) {
    return Failure(open.error());
  }
  return UniqueFd(fd);
}

/// One line: a break would begin another assignment.
std::string line_of(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

/// Whoever has stopped reading wants to know nothing: that is no error, and no SIGPIPE.
Result<> write_newline(BorrowedFd fd) {
  const sys::SignalSet pipe_signal{*Signal::from_number(SIGPIPE)};
  const sys::ScopedSignalMask blocked(pipe_signal);
  sigset_t pending_before;
  sigemptyset(&pending_before);
  (void)::sigpending(&pending_before);
  const auto written = retry_on_eintr([&] { return ::write(fd.get(), "\n", 1); });
  auto done = check_done(written, "readiness descriptor", std::to_string(fd.get()));
  if (done || done.error().code != EPIPE) return done;
  constexpr timespec kAtOnce{};
  if (sigismember(&pending_before, SIGPIPE) == 0) (void)::sigtimedwait(&pipe_signal.native(), nullptr, &kAtOnce);
  return {};
}

std::string printable(const std::string& address) {
  return address.starts_with('\0') ? "@" + address.substr(1) : address;
}

}  // namespace

Notifier Notifier::from_environment(const NotifySources& sources) {
  Notifier notifier;
  if (auto address = take_variable("NOTIFY_SOCKET", sources.environment); address && !address->empty()) {
    if (auto understood = notifier.also_tell_socket(std::move(*address)); !understood) {
      notifier.broken_ = understood.error();
    }
  }
  notifier.watchdog_ = read_watchdog(sources.environment);
  if (sources.descriptor_variable.empty()) return notifier;
  if (const auto text = take_variable(sources.descriptor_variable.c_str(), sources.environment)) {
    auto fd = descriptor_from(sources.descriptor_variable, *text);
    if (fd) {
      notifier.also_tell_descriptor(std::move(*fd));
    } else {
      notifier.broken_descriptor_ = fd.error();
    }
  }
  return notifier;
}

Result<> Notifier::also_tell_socket(std::string address) {
  if (address.size() < 2 || (address.front() != '/' && address.front() != '@')) {
    return failure("notify", EAFNOSUPPORT, address);
  }
  // A path ends with a zero byte, an abstract name with its length.
  const std::size_t most = sizeof(sockaddr_un::sun_path) - (address.front() == '/' ? 1 : 0);
  if (address.size() > most) return failure("notify", ENAMETOOLONG, address);
  if (address.front() == '@') address.front() = '\0';
  address_ = std::move(address);
  return {};
}

Result<> Notifier::send(std::string_view text, std::optional<BorrowedFd> handed) {
  if (broken_) return Failure(*broken_);
  if (address_.empty()) return {};
  if (!socket_) {
    auto made = check(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "notify");
    if (!made) return Failure(made.error());
    socket_.reset(*made);
    (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &kLongestWait, sizeof kLongestWait);
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, address_.data(), address_.size());
  iovec body{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) std::byte control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  message.msg_iov = &body;
  message.msg_iovlen = 1;
  if (handed) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    const int number = handed->get();
    std::memcpy(CMSG_DATA(part), &number, sizeof number);
  }
  // The kernel adds our pid and uid where the listener asks for them (SO_PASSCRED).
  const auto sent = retry_on_eintr([&] { return ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL); });
  return check_done(sent, "notify", printable(address_));
}

Result<> Notifier::tell_descriptor() {
  if (broken_descriptor_) return Failure(*std::exchange(broken_descriptor_, std::nullopt));
  if (!readiness_) return {};
  const UniqueFd told = std::move(readiness_);
  return write_newline(told);
}

Result<> Notifier::ready(std::string_view message) {
  // All are told, whatever becomes of one; the first error is returned.
  auto to_socket = send(message.empty() ? "READY=1" : "READY=1\nSTATUS=" + line_of(message));
  auto to_descriptor = tell_descriptor();
  if (daemon_ != nullptr) daemon_->ready(message);
  return !to_socket ? to_socket : to_descriptor;
}

Result<> Notifier::status(std::string_view line) {
  return send("STATUS=" + line_of(line));
}

Result<> Notifier::reloading() {
  // systemd compares this with the time at which it asked for the reload.
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(sys::monotonic_now());
  return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.count()));
}

Result<> Notifier::stopping() {
  return send("STOPPING=1");
}

Result<> Notifier::watchdog() {
  return send("WATCHDOG=1");
}

Result<> Notifier::main_pid(Pid pid) {
  return send("MAINPID=" + std::to_string(pid.number()));
}

Result<> Notifier::extend_timeout(std::chrono::microseconds time) {
  return send("EXTEND_TIMEOUT_USEC=" + std::to_string(time.count()));
}

Result<> Notifier::barrier(std::chrono::milliseconds patience) {
  if (!broken_ && address_.empty()) return {};
  int ends[2];
  if (auto made = check_done(::pipe2(ends, O_CLOEXEC), "notify"); !made) return made;
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  // The listener closes its copy when everything before it is handled; ours has to be gone as well.
  if (auto sent = send("BARRIER=1", writer); !sent) return sent;
  writer.reset();
  const auto deadline = sys::monotonic_now() + patience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - sys::monotonic_now()).count();
    pollfd closed{reader.get(), 0, 0};
    const int ready = ::poll(&closed, 1, static_cast<int>(std::clamp<decltype(left)>(left, 0, INT_MAX)));
    if (ready > 0) return {};
    if (ready == 0 && left <= INT_MAX) return failure("notify", ETIMEDOUT, "barrier");
    if (ready < 0 && errno != EINTR) return failure("notify", errno, "barrier");
  }
}

}  // namespace foster
