// A classic service: what each action does to real daemons, and what it exits with.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <foster/pidfile.hpp>
#include <foster/service.hpp>
#include "support/temporary_directory.hpp"
#include "sys/procfs.hpp"
#include "unit/lib/daemonizing.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

/// Ready at once; ends by SIGTERM, counts SIGHUP in a file.
class Obedient : public Service {
 public:
  Obedient(ServiceOptions options, std::string hangups) : Service(std::move(options)), hangups_(std::move(hangups)) {}

 protected:
  int run(ServiceProcess& process) override {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGHUP}) sigaddset(&set, number);
    ::sigprocmask(SIG_BLOCK, &set, nullptr);
    process.ready("on port 80");
    for (int got = 0; ::sigwait(&set, &got) == 0 && got != SIGTERM;) std::ofstream(hangups_, std::ios::app) << 'h';
    return 0;
  }

 private:
  std::string hangups_;
};

class ClassicService : public ::testing::Test {
 protected:
  void SetUp() override {
    FOSTER_SKIP_WITH_ITS_OWN_THREAD();
    (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
    options.name = "hello";
    options.daemon.pidfile = pidfile;
  }
  ~ClassicService() override {
    if (const auto pid = holder()) ::kill(pid->number(), SIGKILL);
    while (::waitpid(-1, nullptr, __WALL) > 0) {
    }
  }

  struct Told {
    int code;
    std::string text;
  };
  /// In a process of its own, as a command is.
  Told ask(ServiceAction action, const Service::Body& body = {}) {
    Pipe said = make_pipe();
    const pid_t command = ::fork();
    if (command == 0) {
      ServiceResult result;
      if (body) {
        result = Service(options, body).perform(action);
      } else {
        result = Obedient(options, directory.path("hangups")).perform(action);
      }
      (void)!::write(said.writer.get(), result.text.data(), result.text.size());  // closed in the daemon
      ::_exit(result.exit_code);
    }
    said.writer.reset();
    Told told{-1, sys::testing::read_all(said.reader)};
    int status = 0;
    EXPECT_EQ(::waitpid(command, &status, 0), command);
    told.code = WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
    return told;
  }
  [[nodiscard]] std::optional<Pid> holder() const { return pidfile_holder(pidfile).value_or(std::nullopt); }
  [[nodiscard]] std::string name_of_holder() const {
    const auto pid = holder();
    return pid ? "process " + std::to_string(pid->number()) : "nobody";
  }

  TemporaryDirectory directory;
  std::string pidfile = directory.path("hello.pid");
  ServiceOptions options;
};

#define EXPECT_TOLD(told, expected_code, expected_text) \
  do {                                                  \
    const Told& it = (told);                            \
    EXPECT_EQ(it.text, (expected_text));                \
    EXPECT_EQ(it.code, (expected_code));                \
  } while (false)

TEST_F(ClassicService, StartsOnceAndStops) {
  const auto started = ask(ServiceAction::start);
  EXPECT_TOLD(started, 0, "hello: started as " + name_of_holder() + ", on port 80");
  const auto pid = holder();
  ASSERT_TRUE(pid);
  EXPECT_NE(::getsid(pid->number()), ::getsid(0));
  EXPECT_TOLD(ask(ServiceAction::start), 0, "hello: already running as " + name_of_holder());
  EXPECT_EQ(holder(), pid);
  const std::string name = name_of_holder();
  EXPECT_TOLD(ask(ServiceAction::stop), 0, "hello: stopped " + name);
  EXPECT_FALSE(std::filesystem::exists(pidfile));
  EXPECT_TOLD(ask(ServiceAction::stop), 0, "hello: not running");
}

TEST_F(ClassicService, TellsItsStatus) {
  EXPECT_TOLD(ask(ServiceAction::status), 3, "hello: not running");
  options.daemon.pidfile_removal = PidfileRemoval::by_destructor;
  ASSERT_EQ(ask(ServiceAction::start).code, 0);
  EXPECT_TOLD(ask(ServiceAction::status), 0, "hello: running as " + name_of_holder());
  const pid_t pid = holder()->number();
  ::kill(pid, SIGKILL);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_TOLD(ask(ServiceAction::status), 1, "hello: dead, but " + pidfile + " exists");
  EXPECT_TOLD(ask(ServiceAction::stop), 0, "hello: not running");
  EXPECT_TOLD(ask(ServiceAction::status), 3, "hello: not running");
  std::filesystem::create_symlink("/etc/passwd", pidfile);
  const auto unknown = ask(ServiceAction::status);
  EXPECT_EQ(unknown.code, 4);
  EXPECT_THAT(unknown.text, StartsWith("hello: unknown: open pidfile"));
}

TEST_F(ClassicService, RestartsAlsoWhatDoesNotRunAndTriesOnlyWhatDoes) {
  EXPECT_TOLD(ask(ServiceAction::try_restart), 0, "hello: not running");
  EXPECT_FALSE(holder());
  ASSERT_EQ(ask(ServiceAction::restart).code, 0);
  const auto first = holder();
  ASSERT_TRUE(first);
  const auto again = ask(ServiceAction::restart);
  EXPECT_TOLD(again, 0, "hello: started as " + name_of_holder() + ", on port 80");
  const auto second = holder();
  ASSERT_TRUE(second);
  EXPECT_NE(second, first);
  ASSERT_EQ(ask(ServiceAction::try_restart).code, 0);
  EXPECT_TRUE(holder());
  EXPECT_NE(holder(), second);
}

TEST_F(ClassicService, ReloadsByItsSignal) {
  EXPECT_TOLD(ask(ServiceAction::reload), 7, "hello: not running");
  EXPECT_TOLD(ask(ServiceAction::force_reload), 7, "hello: not running");
  ASSERT_EQ(ask(ServiceAction::start).code, 0);
  const auto pid = holder();
  EXPECT_TOLD(ask(ServiceAction::reload), 0, "hello: told " + name_of_holder() + " to reload");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (contents_of(directory.path("hangups")) != "h") {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    ::sched_yield();
  }
  EXPECT_EQ(ask(ServiceAction::force_reload).code, 0);
  EXPECT_EQ(holder(), pid);
}

TEST_F(ClassicService, WithoutAReloadSignalIsRestartedByForceAlone) {
  options.reload.reset();
  EXPECT_EQ(ask(ServiceAction::force_reload).code, 7);
  ASSERT_EQ(ask(ServiceAction::start).code, 0);
  const auto pid = holder();
  EXPECT_TOLD(ask(ServiceAction::reload), 3, "hello: cannot reload, only restart");
  EXPECT_EQ(ask(ServiceAction::force_reload).code, 0);
  EXPECT_TRUE(holder());
  EXPECT_NE(holder(), pid);
}

TEST_F(ClassicService, InsistsWhenAskingDoesNotHelp) {
  options.stop.patience = 30ms;
  ASSERT_EQ(ask(ServiceAction::start,
                [](ServiceProcess& process) {
                  ::signal(SIGTERM, SIG_IGN);
                  process.ready();
                  for (;;) ::pause();
                  return 0;
                })
                .code,
            0);
  const pid_t pid = holder()->number();
  EXPECT_EQ(ask(ServiceAction::stop).code, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_FALSE(std::filesystem::exists(pidfile));
}

TEST_F(ClassicService, PassesOnWhyItDoesNotStartAndWithWhichCode) {
  const auto fails_with = [](LsbCode code, int error = ENOENT) -> Service::Body {
    return [=](ServiceProcess& process) { return process.fail({"read", error, "/etc/hello.conf"}, code); };
  };
  EXPECT_TOLD(ask(ServiceAction::start, fails_with(LsbCode::not_configured)), 6,
              "hello: read /etc/hello.conf: No such file or directory");
  EXPECT_EQ(ask(ServiceAction::start, fails_with(LsbCode::error, EACCES)).code, 4);
  EXPECT_EQ(ask(ServiceAction::start, fails_with(LsbCode::error)).code, 1);
  const auto crashed = ask(ServiceAction::start, [](ServiceProcess&) -> int { ::_exit(99); });
  EXPECT_TOLD(crashed, 1, "hello: daemon exited with code 99 before it was ready");
  options.daemon.pidfile = directory.path("no/such/hello.pid");
  EXPECT_EQ(ask(ServiceAction::start).code, 1);
  options.daemon.pidfile.reset();
  EXPECT_TOLD(ask(ServiceAction::status), 1, "hello: service no pidfile: Invalid argument");
}

TEST_F(ClassicService, OfAnotherUserIsNotOnesToStop) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  ASSERT_EQ(ask(ServiceAction::start).code, 0);
  const auto pid = holder();
  const int code = sys::testing::in_forked_process([&] {
    if (::setresuid(65534, 65534, 65534) != 0) return 99;
    if (Obedient(options, "").perform(ServiceAction::status).exit_code != 0) return 98;
    return Obedient(options, "").perform(ServiceAction::stop).exit_code;
  });
  EXPECT_EQ(code, 4);
  EXPECT_EQ(holder(), pid);
}

/// A process that has nothing to do with the service.
class Stranger {
 public:
  Stranger() : pid_(::fork()) {
    if (pid_ == 0) {
      for (;;) ::pause();
    }
  }
  ~Stranger() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;
  [[nodiscard]] bool is_unharmed() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }
  [[nodiscard]] std::string line() const { return std::to_string(pid_) + "\n"; }

 private:
  pid_t pid_;
};

TEST_F(ClassicService, AStrangerWhoHasTheNumberOfACrashedOneIsLeftAlone) {
  const Stranger stranger;
  std::ofstream(pidfile) << stranger.line();
  EXPECT_TOLD(ask(ServiceAction::status), 1, "hello: dead, but " + pidfile + " exists");
  EXPECT_EQ(ask(ServiceAction::reload).code, 7);
  EXPECT_TOLD(ask(ServiceAction::stop), 0, "hello: not running");
  EXPECT_TRUE(stranger.is_unharmed());
  EXPECT_FALSE(std::filesystem::exists(pidfile));
}

TEST_F(ClassicService, AStrangerIsLeftAloneAlsoWhenChildrenOfTheCrashedOneHoldItsLock) {
  const Stranger stranger;
  options.daemon.pidfile_removal = PidfileRemoval::by_destructor;
  ASSERT_EQ(ask(ServiceAction::start,
                [&](ServiceProcess& process) {
                  const pid_t child = ::fork();
                  if (child != 0) {
                    std::ofstream(directory.path("child")) << child;
                    process.ready();
                  }
                  for (;;) ::pause();
                  return 0;
                })
                .code,
            0);
  const pid_t pid = holder()->number();
  const pid_t child = std::stoi(contents_of(directory.path("child")));
  ::kill(pid, SIGKILL);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  std::ofstream(pidfile) << stranger.line();
  EXPECT_TOLD(ask(ServiceAction::stop), 1, "hello: pidfile " + pidfile + " is held, but not by its owner: Bad message");
  EXPECT_EQ(ask(ServiceAction::status).code, 4);
  EXPECT_TRUE(stranger.is_unharmed());
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(ClassicService, InTheForegroundStaysInItsSessionAndIsStoppedAllTheSame) {
  Pipe said = make_pipe();
  const pid_t command = ::fork();
  if (command == 0) {
    const auto result = Service(options, [&](ServiceProcess& process) {
                          process.ready();
                          const bool is_here = process.is_foreground() && ::getsid(0) == ::getsid(::getppid());
                          (void)!::write(said.writer.get(), is_here ? "y" : "n", 1);
                          for (;;) ::pause();
                          return 0;
                        }).perform(ServiceAction::run);
    ::_exit(result.exit_code);
  }
  char byte = 0;
  ASSERT_EQ(::read(said.reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  EXPECT_EQ(holder(), Pid(command));
  EXPECT_EQ(ask(ServiceAction::stop).code, 0);
  int status = 0;
  ASSERT_EQ(::waitpid(command, &status, 0), command);
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
}

TEST_F(ClassicService, TakesItsActionFromTheCommandLine) {
  const auto main_with = [&](std::vector<const char*> words, int stream) -> Told {
    Pipe said = make_pipe();
    const pid_t command = ::fork();
    if (command == 0) {
      (void)::dup2(said.writer.get(), stream);
      words.insert(words.begin(), "hello");
      ::_exit(Obedient(options, "").main(static_cast<int>(words.size()), words.data()));
    }
    said.writer.reset();
    Told told{-1, sys::testing::read_all(said.reader)};
    int status = 0;
    EXPECT_EQ(::waitpid(command, &status, 0), command);
    told.code = WEXITSTATUS(status);
    return told;
  };
  EXPECT_TOLD(main_with({"status"}, 1), 3, "hello: not running\n");
  EXPECT_TOLD(main_with({"reload"}, 2), 7, "hello: not running\n");
  const std::string usage = "usage: hello run|start|stop|restart|try-restart|reload|force-reload|status\n";
  EXPECT_TOLD(main_with({}, 2), 2, usage);
  EXPECT_TOLD(main_with({"bogus"}, 2), 2, usage);
  EXPECT_TOLD(main_with({"stop", "now"}, 2), 2, usage);
  const auto started = main_with({"start"}, 1);
  EXPECT_TOLD(started, 0, "hello: started as " + name_of_holder() + ", on port 80\n");
  EXPECT_EQ(service_action("condrestart"), ServiceAction::try_restart);
}

}  // namespace
}  // namespace foster
