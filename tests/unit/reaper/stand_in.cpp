#include "unit/reaper/stand_in.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "reaper/held_fds.hpp"
#include "reaper/wire.hpp"
#include "sys/channel.hpp"
#include "sys/clock.hpp"

namespace foster::reaper::testing {
namespace {

struct Arguments {
  int channel = -1;
  const char* log = nullptr;
  const char* hold = nullptr;
  int finish = -1;
  int exit = -1;
  bool silent = false;
  bool deaf = false;
  std::string descriptors;  // "lock 4 ready 5"
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--silent") arguments.silent = true;
    if (word == "--deaf") arguments.deaf = true;
    if (word == "--channel") arguments.channel = std::atoi(argv[++i]);
    if (word == "--log") arguments.log = argv[++i];
    if (word == "--hold") arguments.hold = argv[++i];
    if (word == "--finish") arguments.finish = std::atoi(argv[++i]);
    if (word == "--exit") arguments.exit = std::atoi(argv[++i]);
    if (word == "--lock" || word == "--ready-fd") {
      const int number = std::atoi(argv[++i]);
      const bool is_open = ::fcntl(number, F_GETFD) >= 0;
      arguments.descriptors += " " + std::string(word) + " " + (is_open ? "open" : "closed");
    }
  }
  return arguments;
}

class StandIn {
 public:
  explicit StandIn(const Arguments& arguments)
      : arguments_(arguments),
        channel_(UniqueFd(arguments.channel)),
        log_(::open(arguments.log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) {}

  int run() {
    if (arguments_.deaf) block_request_to_hear();  // it may come as soon as the start is known
    note("start %d %lld%s", ::getpid(), static_cast<long long>(sys::monotonic_now().count()),
         arguments_.descriptors.c_str());
    if (arguments_.deaf) wait_to_hear();
    if (!arguments_.silent) tell(Plain{{kWireVersion, MessageKind::up}});
    if (arguments_.hold != nullptr) hold();
    if (arguments_.exit >= 0) return arguments_.exit;
    for (;;) {
      pollfd readable{arguments_.channel, POLLIN, 0};
      (void)::poll(&readable, 1, -1);
      while (const auto kind = look_apply_take()) {
        if (*kind == kLeave) return 0;
      }
    }
  }

 private:
  static constexpr int kLeave = -1;
  static constexpr int kAbort = -2;

  /// A SIGKILL may tear a line where it crosses a page of the file, so each begins and ends with a mark.
  template <class... Parts>
  void note(const char* format, Parts... parts) const {
    std::array<char, 256> line{'\n'};
    const auto size = static_cast<std::size_t>(std::snprintf(line.data() + 1, line.size() - 3, format, parts...));
    line[size + 1] = ' ';
    line[size + 2] = ';';
    (void)!::write(log_.get(), line.data(), size + 3);
  }

  template <class Body>
  void tell(const Body& body, std::span<const BorrowedFd> fds = {}) {
    if (!channel_.send(std::as_bytes(std::span(&body, 1)), fds)) note("cannot send");
  }

  static sigset_t request_to_hear() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    return set;
  }

  static void block_request_to_hear() {
    const sigset_t set = request_to_hear();
    sigprocmask(SIG_BLOCK, &set, nullptr);
  }

  static void wait_to_hear() {
    const sigset_t set = request_to_hear();
    int signal = 0;
    sigwait(&set, &signal);
  }

  void hold() {
    const UniqueFd fifo(::open(arguments_.hold, O_RDWR | O_CLOEXEC | O_NONBLOCK));
    (void)!::write(fifo.get(), "last words", 10);
    const std::array<BorrowedFd, 1> fds{BorrowedFd(fifo)};
    const std::array<BorrowedFd, 2> both{BorrowedFd(fifo), BorrowedFd(fifo)};
    tell(Slot{{kWireVersion, MessageKind::hold}, 7, 0}, fds);
    tell(Slot{{kWireVersion, MessageKind::hold_both}, 8, 0}, both);
    tell(Slot{{kWireVersion, MessageKind::hold_listener}, HeldFds::kListeners, 0}, fds);  // no such place
    tell(Slot{{kWireVersion, MessageKind::hold_listener}, HeldFds::kListeners - 1, 0}, fds);
    tell(Plain{{kWireVersion, MessageKind::hold_listener_names}}, fds);
    note("held");
  }

  std::optional<int> look_apply_take() {
    Message message{};
    const auto bytes = std::as_writable_bytes(std::span(&message, 1));
    const auto receipt = channel_.peek(bytes);
    if (!receipt || receipt->outcome != sys::Channel::Outcome::message) return std::nullopt;
    const int result = apply(message);
    (void)channel_.take(bytes);
    // After it is consumed, or the next one would do the same.
    if (result == kAbort) std::abort();
    return result;
  }

  int apply(const Message& message) {
    if (message.header.kind == MessageKind::exited) {
      const Exited& exited = message.exited;
      note("exited %llu %d %d %lld", static_cast<unsigned long long>(exited.sequence), exited.pid, exited.wait_status,
           static_cast<long long>(exited.max_resident_kilobytes));
      return 0;
    }
    const Signalled& signalled = message.signalled;
    note("signalled %d %d %u", signalled.signal, signalled.sender_pid, signalled.sender_uid);
    if (signalled.signal == SIGHUP) return kAbort;
    if (signalled.signal == SIGUSR2) tell(Slot{{kWireVersion, MessageKind::release}, 7, 0});
    if (signalled.signal == SIGIO) tell(Slot{{kWireVersion, MessageKind::release_stderr}, 8, 0});
    if (signalled.signal == SIGURG) {
      tell(Slot{{kWireVersion, MessageKind::release_listener}, HeldFds::kListeners - 1, 0});
    }
    if (signalled.signal == SIGUSR1) start_sibling();
    if (signalled.signal == SIGTERM && arguments_.finish >= 0) {
      tell(Finish{{kWireVersion, MessageKind::finish}, arguments_.finish, 0});
      return kLeave;
    }
    return 0;
  }

  void start_sibling() const {
    const long pid = ::syscall(SYS_clone, CLONE_PARENT | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (pid == 0) ::_exit(42);
    note("sibling %ld", pid);
  }

  Arguments arguments_;
  sys::Channel channel_;
  UniqueFd log_;
};

}  // namespace

int stand_in_main(int argc, char** argv) {
  return StandIn(parse(argc, argv)).run();
}

}  // namespace foster::reaper::testing
