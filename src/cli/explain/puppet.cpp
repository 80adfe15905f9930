#include "cli/explain/puppet.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <foster/notify.hpp>
#include <foster/pidfile.hpp>
#include "sys/check.hpp"

namespace foster::cli {
namespace {

using sys::check_done;

constexpr int kMostWaitingClients = 16;

/// A number that goes back with the "ok"; 0 where there is none.
using Answer = Result<long>;

Answer answer_of(const Result<>& done, long number = 0) {
  if (!done) return Failure(done.error());
  return number;
}

class Puppet {
 public:
  explicit Puppet(int part) : part_(part) {}

  int run() {
    for (;;) {
      std::array<pollfd, 2> ready{pollfd{kFirstPuppetFd + part_, POLLIN, 0},
                                  pollfd{is_serving_ ? port_.get() : -1, POLLIN, 0}};
      if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return EXIT_FAILURE;
      if (ready[1].revents != 0) serve_one();
      if (ready[0].revents != 0 && !hear()) return exit_code_.value_or(EXIT_SUCCESS);
    }
  }

 private:
  /// False when it is to end.
  bool hear() {
    std::array<char, 256> buffer{};
    const auto size =
        sys::retry_on_eintr([&] { return ::recv(kFirstPuppetFd + part_, buffer.data(), buffer.size(), MSG_DONTWAIT); });
    if (size < 0) return errno == EAGAIN;
    if (size == 0) return false;
    const std::string_view message(buffer.data(), static_cast<std::size_t>(size));
    const auto blank = message.find(' ');
    const std::string word(blank == std::string_view::npos ? std::string_view() : message.substr(blank + 1));
    const int channel = kFirstPuppetFd + part_;  // a fork is answered by the parent
    const Answer answer = act(message.substr(0, blank), word);
    if (is_child_) {
      is_child_ = false;
      return true;
    }
    const std::string text =
        answer ? fmt::format("ok {}", *answer) : fmt::format("error {} {}", answer.error().code, answer.error().step);
    (void)::send(channel, text.data(), text.size(), MSG_NOSIGNAL);  // whoever told it may be gone
    return !exit_code_;
  }

  Answer act(std::string_view verb, const std::string& word) {
    if (verb == "fork") return fork(std::atoi(word.c_str()));
    if (verb == "name") return answer_of(check_done(::prctl(PR_SET_NAME, word.c_str()), "name"));
    if (verb == "session") return answer_of(check_done(::setsid(), "setsid"), ::getpid());
    if (verb == "group") return answer_of(check_done(::setpgid(0, 0), "setpgid"), ::getpid());
    if (verb == "terminal") return take_terminal(word);
    if (verb == "foreground") return take_foreground();
    if (verb == "ignore") return set_disposition(std::atoi(word.c_str()), SIG_IGN);
    if (verb == "default") return set_disposition(std::atoi(word.c_str()), SIG_DFL);
    if (verb == "adopt") return answer_of(check_done(::prctl(PR_SET_CHILD_SUBREAPER, 1), "become a subreaper"));
    if (verb == "wait") return wait_for_all();
    if (verb == "pidfile") return hold_pidfile(word);
    if (verb == "ready") return tell_ready(word);
    if (verb == "end-group") return answer_of(check_done(::kill(-std::atoi(word.c_str()), SIGTERM), "kill a group"));
    if (verb == "listen") return listen(word);
    if (verb == "serve") return is_serving_ = true, 0;
    if (verb == "exit") return exit_code_ = std::atoi(word.c_str()), 0;
    return failure("understand", EINVAL, std::string(verb));
  }

  Answer fork(int part) {
    const auto child = sys::check(::fork(), "fork");
    if (!child) return Failure(child.error());
    if (*child > 0) return *child;
    part_ = part;
    is_child_ = true;
    return 0;
  }

  static Answer set_disposition(int signal, void (*disposition)(int)) {
    return std::signal(signal, disposition) == SIG_ERR ? Answer(failure("signal", errno)) : Answer(0);
  }

  static Answer take_terminal(const std::string& path) {
    const UniqueFd terminal(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!terminal) return failure("open a terminal", errno, path);
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (::dup2(terminal.get(), number) < 0) return failure("dup2", errno);
    }
    return 0;
  }

  /// From the background one may only do so deaf to the signal that this costs.
  static Answer take_foreground() {
    auto* const found = std::signal(SIGTTOU, SIG_IGN);
    const auto done = check_done(::tcsetpgrp(STDIN_FILENO, ::getpgrp()), "tcsetpgrp");
    (void)std::signal(SIGTTOU, found);
    return answer_of(done, ::getpgrp());
  }

  static Answer wait_for_all() {
    long count = 0;
    while (::waitpid(-1, nullptr, WNOHANG) > 0) ++count;
    return count;
  }

  Answer hold_pidfile(const std::string& path) {
    auto taken = take_pidfile(path);
    if (!taken) return Failure(taken.error());
    pidfile_.emplace(std::move(*taken));
    return ::getpid();
  }

  static Answer tell_ready(const std::string& address) {
    Notifier notifier;
    if (auto known = notifier.also_tell_socket(address); !known) return Failure(known.error());
    return answer_of(notifier.ready());
  }

  Answer listen(const std::string& name) {
    port_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof address.sun_path) return failure("listen", ENAMETOOLONG, name);
    std::memcpy(address.sun_path + 1, name.data(), name.size());  // the zero byte before it makes it abstract
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (!port_ || ::bind(port_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(port_.get(), kMostWaitingClients) != 0) {
      return failure("listen", errno);
    }
    return 0;
  }

  void serve_one() const {
    const UniqueFd client(::accept4(port_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) return;  // another worker was quicker
    const std::string text = std::to_string(::getpid());
    (void)::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }

  int part_;
  bool is_child_ = false;
  bool is_serving_ = false;
  std::optional<int> exit_code_;
  std::optional<Pidfile> pidfile_;
  UniqueFd port_;
};

}  // namespace

int run_puppet() {
  return Puppet(0).run();
}

}  // namespace foster::cli
