// What a listener hears: a bound socket that asks for credentials, as systemd and foster have one, and a pipe as s6 has
// one; with libsystemd as the one to agree with.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <thread>

#include <foster/notify.hpp>
#include "support/scoped_environment.hpp"
#include "support/temporary_directory.hpp"
#include "sys/clock.hpp"
#include "unit/lib/daemonizing.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using namespace std::chrono_literals;
using sys::testing::in_forked_process;
using sys::testing::read_all;

/// The socket of a supervisor.
class Listener {
 public:
  struct Heard {
    std::string text;
    pid_t sender = 0;
    UniqueFd handed;
  };

  /// A path, or "@" and an abstract name.
  explicit Listener(const std::string& address) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address.data(), address.size());
    if (address.front() == '@') name.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&name), size), 0) << std::strerror(errno);
    const int on = 1;
    EXPECT_EQ(::setsockopt(fd_.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on), 0);
    const timeval limit{10, 0};
    EXPECT_EQ(::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  }

  Heard hear() {
    char text[4096];
    alignas(cmsghdr) char control[256];
    iovec body{text, sizeof text};
    msghdr message{};
    message.msg_iov = &body;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = ::recvmsg(fd_.get(), &message, MSG_CMSG_CLOEXEC);
    if (size < 0) return {std::string("nothing heard: ") + std::strerror(errno), 0, UniqueFd()};
    Heard heard{std::string(text, static_cast<std::size_t>(size)), 0, UniqueFd()};
    for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
      if (part->cmsg_type == SCM_CREDENTIALS) {
        ucred sender{};
        std::memcpy(&sender, CMSG_DATA(part), sizeof sender);
        heard.sender = sender.pid;
      } else if (part->cmsg_type == SCM_RIGHTS) {
        int number = -1;
        std::memcpy(&number, CMSG_DATA(part), sizeof number);
        heard.handed.reset(number);
      }
    }
    return heard;
  }

 private:
  UniqueFd fd_;
};

class Notify : public ::testing::Test {
 protected:
  Notify() {
    environment.unset("WATCHDOG_USEC");
    environment.unset("WATCHDOG_PID");
    environment.set("NOTIFY_SOCKET", address);
  }

  TemporaryDirectory directory;
  std::string address = directory.path("notify");
  ScopedEnvironment environment;
};

TEST_F(Notify, SaysEverythingInTheWordsOfSdNotify) {
  Listener listener(address);
  Notifier notifier = Notifier::from_environment();
  EXPECT_TRUE(notifier.has_listener());
  EXPECT_TRUE(notifier.ready());
  const auto heard = listener.hear();
  EXPECT_EQ(heard.text, "READY=1");
  EXPECT_EQ(heard.sender, ::getpid());
  EXPECT_TRUE(notifier.ready("on port 80"));
  EXPECT_EQ(listener.hear().text, "READY=1\nSTATUS=on port 80");
  EXPECT_TRUE(notifier.status("12 requests"));
  EXPECT_EQ(listener.hear().text, "STATUS=12 requests");
  EXPECT_TRUE(notifier.stopping());
  EXPECT_EQ(listener.hear().text, "STOPPING=1");
  EXPECT_TRUE(notifier.watchdog());
  EXPECT_EQ(listener.hear().text, "WATCHDOG=1");
  EXPECT_TRUE(notifier.main_pid(Pid(4711)));
  EXPECT_EQ(listener.hear().text, "MAINPID=4711");
  EXPECT_TRUE(notifier.extend_timeout(2s));
  EXPECT_EQ(listener.hear().text, "EXTEND_TIMEOUT_USEC=2000000");
}

TEST_F(Notify, TellsWhenAReloadBeganOnTheMonotonicClock) {
  Listener listener(address);
  Notifier notifier = Notifier::from_environment();
  const auto before = sys::monotonic_now();
  EXPECT_TRUE(notifier.reloading());
  const auto after = sys::monotonic_now();
  const std::string text = listener.hear().text;
  const std::string prefix = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_THAT(text, ::testing::StartsWith(prefix));
  const std::chrono::microseconds said(std::stoll(text.substr(prefix.size())));
  EXPECT_GE(said, std::chrono::floor<std::chrono::microseconds>(before));
  EXPECT_LE(said, after);
}

TEST_F(Notify, AStatusOfSeveralLinesBecomesOneAndSaysNothingElse) {
  Listener listener(address);
  EXPECT_TRUE(Notifier::from_environment().status("fine\nREADY=1"));
  EXPECT_EQ(listener.hear().text, "STATUS=fine READY=1");
}

TEST_F(Notify, ReachesAnAbstractAddress) {
  address = "@foster-notify-test-" + std::to_string(::getpid());
  environment.set("NOTIFY_SOCKET", address);
  Listener listener(address);
  EXPECT_TRUE(Notifier::from_environment().ready());
  EXPECT_EQ(listener.hear().text, "READY=1");
}

TEST_F(Notify, SaysWhatLibsystemdSays) {
  void* library = ::dlopen("libsystemd.so.0", RTLD_NOW);
  if (library == nullptr) GTEST_SKIP() << "no libsystemd on this machine";
  const auto sd_notify = reinterpret_cast<int (*)(int, const char*)>(::dlsym(library, "sd_notify"));
  const auto sd_watchdog_enabled =
      reinterpret_cast<int (*)(int, std::uint64_t*)>(::dlsym(library, "sd_watchdog_enabled"));
  ASSERT_TRUE(sd_notify != nullptr && sd_watchdog_enabled != nullptr);
  Listener listener(address);
  ASSERT_GT(sd_notify(0, "READY=1"), 0);
  const auto theirs = listener.hear();
  EXPECT_TRUE(Notifier::from_environment({.environment = NotifyEnvironment::keep}).ready());
  const auto ours = listener.hear();
  EXPECT_EQ(ours.text, theirs.text);
  EXPECT_EQ(ours.sender, theirs.sender);
  const std::string self = std::to_string(::getpid());
  struct Setting {
    std::string period, pid;
  };
  for (const Setting& setting : {Setting{"2000000", ""}, {"2000000", self}, {"2000000", "1"}, {"0", ""}, {"x", ""}}) {
    environment.set("WATCHDOG_USEC", setting.period);
    if (setting.pid.empty()) {
      environment.unset("WATCHDOG_PID");
    } else {
      environment.set("WATCHDOG_PID", setting.pid);
    }
    std::uint64_t period = 0;
    const bool expected = sd_watchdog_enabled(0, &period) > 0;
    const auto interval = Notifier::from_environment({.environment = NotifyEnvironment::keep}).watchdog_interval();
    EXPECT_EQ(interval.has_value(), expected) << setting.period << " for " << setting.pid;
    if (interval) {
      EXPECT_EQ(interval->count(), static_cast<std::int64_t>(period));
    }
  }
  ::dlclose(library);
}

TEST_F(Notify, LeavesNoVariableToLaterProgramsUnlessAsked) {
  environment.set("WATCHDOG_USEC", "1000");
  environment.set("WATCHDOG_PID", std::to_string(::getpid()));
  (void)Notifier::from_environment({.environment = NotifyEnvironment::keep});
  EXPECT_NE(std::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(Notifier::from_environment().watchdog_interval(), 1000us);
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    EXPECT_EQ(std::getenv(name), nullptr) << name;
  }
  EXPECT_FALSE(Notifier::from_environment().has_listener());
}

TEST_F(Notify, ToNobodyIsASuccess) {
  Notifier notifier;
  EXPECT_FALSE(notifier.has_listener());
  EXPECT_TRUE(notifier.ready("x"));
  EXPECT_TRUE(notifier.status("x"));
  EXPECT_TRUE(notifier.reloading());
  EXPECT_TRUE(notifier.barrier(0ms));
  EXPECT_EQ(notifier.watchdog_interval(), std::nullopt);
}

TEST_F(Notify, AnAddressThatIsNoneIsReportedByEveryCall) {
  for (const std::string wrong : {"relative", "/", "@", "vsock:2:1234"}) {
    environment.set("NOTIFY_SOCKET", wrong);
    Notifier notifier = Notifier::from_environment();
    EXPECT_TRUE(notifier.has_listener());
    EXPECT_EQ(notifier.ready().error().code, EAFNOSUPPORT) << wrong;
    EXPECT_EQ(notifier.status("x").error().code, EAFNOSUPPORT) << wrong;
  }
  Notifier chosen;
  EXPECT_EQ(chosen.also_tell_socket("/" + std::string(200, 'x')).error().code, ENAMETOOLONG);
}

TEST_F(Notify, ASocketWithoutAListenerIsNamed) {
  EXPECT_EQ(to_string(Notifier::from_environment().ready().error()),
            "notify " + address + ": No such file or directory");
}

TEST_F(Notify, TheLongestAddressesAreUnderstood) {
  const std::string abstract = "@" + std::string(sizeof(sockaddr_un::sun_path) - 1, 'n');
  Listener listener(abstract);
  Notifier notifier;
  ASSERT_TRUE(notifier.also_tell_socket(abstract));
  EXPECT_TRUE(notifier.stopping());
  EXPECT_EQ(listener.hear().text, "STOPPING=1");
}

TEST_F(Notify, ABarrierWaitsUntilTheListenerHasHandledEverything) {
  Listener listener(address);
  std::string heard;
  std::jthread supervisor([&] {
    heard = listener.hear().text;
    auto barrier = listener.hear();
    heard += "," + barrier.text + (barrier.handed ? " with a descriptor" : "");
    barrier.handed.reset();
  });
  Notifier notifier = Notifier::from_environment();
  EXPECT_TRUE(notifier.ready());
  EXPECT_TRUE(notifier.barrier(60s));
  supervisor.join();
  EXPECT_EQ(heard, "READY=1,BARRIER=1 with a descriptor");
  EXPECT_EQ(notifier.barrier(1ms).error().code, ETIMEDOUT) << "nobody takes it off";
}

TEST_F(Notify, TellsADescriptorByANewlineAndClosesIt) {
  Pipe pipe = make_pipe();
  Notifier notifier;
  notifier.also_tell_descriptor(std::move(pipe.writer));
  EXPECT_TRUE(notifier.has_listener());
  EXPECT_TRUE(notifier.status("not for it"));
  EXPECT_TRUE(notifier.ready());
  EXPECT_EQ(read_all(pipe.reader), "\n");
  EXPECT_TRUE(notifier.ready()) << "after a reload";
}

TEST_F(Notify, FindsTheDescriptorInTheVariableItIsToldAbout) {
  environment.unset("NOTIFY_SOCKET");
  Pipe pipe = make_pipe();
  const int number = pipe.writer.release();
  ASSERT_EQ(::fcntl(number, F_SETFD, 0), 0);
  environment.set("NOTIFY_FD", std::to_string(number));
  Notifier notifier = Notifier::from_environment({.descriptor_variable = "NOTIFY_FD"});
  EXPECT_EQ(std::getenv("NOTIFY_FD"), nullptr);
  EXPECT_NE(::fcntl(number, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(notifier.ready());
  EXPECT_EQ(read_all(pipe.reader), "\n");
  for (const std::string wrong : {"", "x", "-1", "999999", "99999999999999"}) {
    environment.set("NOTIFY_FD", wrong);
    EXPECT_EQ(Notifier::from_environment({.descriptor_variable = "NOTIFY_FD"}).ready().error().code, EBADF) << wrong;
  }
}

TEST_F(Notify, ADescriptorThatNobodyReadsKillsNobody) {
  EXPECT_EQ(in_forked_process([] {
              Pipe pipe = make_pipe();
              pipe.reader.reset();
              Notifier notifier;
              notifier.also_tell_descriptor(std::move(pipe.writer));
              if (!notifier.ready()) return 1;
              sigset_t pending;
              sigemptyset(&pending);
              ::sigpending(&pending);
              return sigismember(&pending, SIGPIPE) == 0 ? 0 : 2;
            }),
            0);
}

TEST_F(Notify, TellsTheLauncherOfDaemonize) {
  FOSTER_SKIP_WITH_ITS_OWN_THREAD();
  Listener listener(address);
  DaemonUnderTest daemon({}, [](Daemon& self, const Stage& stage) {
    Notifier notifier = Notifier::from_environment();
    notifier.also_tell_launcher(self);
    const bool told = notifier.ready("on port 80").has_value();
    stage.say(told ? 'r' : 'e');
    stage.wait();
    return 0;
  });
  ASSERT_NO_FATAL_FAILURE(daemon.expect_said('r'));
  EXPECT_EQ(daemon.launcher_exit_code(), 0);
  const auto heard = listener.hear();
  EXPECT_EQ(heard.text, "READY=1\nSTATUS=on port 80");
  EXPECT_EQ(heard.sender, daemon.pid());
}

}  // namespace
}  // namespace foster
