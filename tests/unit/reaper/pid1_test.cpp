#include "reaper/pid1.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>

#include "support/scoped_environment.hpp"
#include "sys/procfs.hpp"
#include "unit/reaper/actors.hpp"
#include "unit/reaper/reaper_under_test.hpp"

namespace foster::reaper {
namespace {

using testing::children_of;
using testing::eventually;
using testing::kActorOption;
using testing::own_path;

struct Pipe {
  Pipe() {
    int ends[2];
    (void)!::pipe(ends);  // inherited on purpose
    reader.reset(ends[0]);
    writer.reset(ends[1]);
    ::fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  }
  /// The next byte; 0 at the end, when nobody has the other side open any more; ? if none comes.
  [[nodiscard]] char next(std::chrono::milliseconds patience = std::chrono::seconds(20)) const {
    pollfd readable{reader.get(), POLLIN, 0};
    char byte = 0;
    if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) return '?';
    return ::read(reader.get(), &byte, 1) == 1 ? byte : '\0';
  }
  [[nodiscard]] std::string number() const { return std::to_string(writer.get()); }
  UniqueFd reader;
  UniqueFd writer;
};

/// A child that is an init; its outcome is its exit code.
pid_t start_init(
    const std::vector<std::string>& argv, const InitOptions& options = {},
    const std::function<void()>& before = [] {}) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    before();
    ::_exit(run_command_as_init(argv, options).exit_code);
  }
  return pid;
}

int end_of(pid_t pid) {
  int status = 0;
  if (!eventually([&] { return ::waitpid(pid, &status, WNOHANG) == pid; })) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
    return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

std::vector<std::string> actor(std::initializer_list<std::string> words) {
  std::vector<std::string> argv{own_path(), kActorOption};
  argv.insert(argv.end(), words);
  return argv;
}

TEST(InitCommand, ItsOwnExitCodeIsPassedOn) {
  EXPECT_EQ(end_of(start_init({"sh", "-c", "exit 0"})), 0);
  EXPECT_EQ(end_of(start_init({"sh", "-c", "exit 43"})), 43);
}

TEST(InitCommand, ADeathBySignalIs128AndItsNumber) {
  EXPECT_EQ(end_of(start_init({"sh", "-c", "kill -KILL $$"})), 128 + SIGKILL);
  EXPECT_EQ(end_of(start_init({"sh", "-c", "kill -SEGV $$"})), 128 + SIGSEGV);
}

TEST(InitCommand, OneThatDoesNotExistIs127AndNamesIt) {
  // A directory that we may not search would be EACCES, as execvp has it.
  foster::testing::ScopedEnvironment environment;
  environment.set("PATH", "/usr/bin:/bin");
  const InitOutcome outcome = run_command_as_init({"no-such-command-anywhere"});
  EXPECT_EQ(outcome.exit_code, 127);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->code, ENOENT);
  EXPECT_EQ(outcome.error->detail, "no-such-command-anywhere");
}

TEST(InitCommand, OneThatIsNoProgramIs126) {
  std::string path = (std::filesystem::temp_directory_path() / "foster-init-XXXXXX").string();
  {
    const UniqueFd file(::mkstemp(path.data()));
  }
  EXPECT_EQ(run_command_as_init({path}).exit_code, 126) << "not executable";
  std::ofstream(path) << "\x7f\x45LF but not really";
  ::chmod(path.c_str(), 0700);
  EXPECT_EQ(end_of(start_init({path})), 126) << "an exec format error";
  std::filesystem::remove(path);
}

TEST(InitCommand, StartsWithTheMaskAndTheDispositionsThatWereFound) {
  const auto found_by_command = [](const std::function<void()>& before) {
    const Pipe ready;
    const pid_t init = start_init({"sh", "-c", "echo r >&" + ready.number() + "; exec sleep 1000"}, {}, before);
    EXPECT_EQ(ready.next(), 'r');
    EXPECT_TRUE(eventually([&] {
      const auto alive = children_of(init).alive;
      return alive.size() == 1 && std::string(sys::read_stat(Pid(alive.front()))->comm) == "sleep";
    }));
    const auto status = sys::read_status(Pid(children_of(init).alive.at(0)));
    ::kill(init, SIGKILL);
    (void)end_of(init);
    ::kill(status->tgid, SIGKILL);
    return *status;
  };
  EXPECT_EQ(found_by_command([] {}).blocked, 0);
  const auto status = found_by_command([] {
    ::signal(SIGHUP, SIG_IGN);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, nullptr);
  });
  EXPECT_EQ(status.blocked, 1U << (SIGUSR2 - 1));
  EXPECT_NE(status.ignored & (1U << (SIGHUP - 1)), 0U);
}

TEST(InitSignals, GoToTheWholeGroupOfTheCommand) {
  const Pipe heard;
  const pid_t init = start_init(actor({"count_signal", heard.number()}));
  EXPECT_EQ(heard.next(), 'r');
  EXPECT_EQ(heard.next(), 'r');
  ::kill(init, SIGUSR1);
  EXPECT_EQ(heard.next() + heard.next(), 'p' + 'w');
  ::kill(init, SIGTERM);
  EXPECT_EQ(end_of(init), 7);
}

TEST(InitSignals, GoToTheCommandAloneIfAskedTo) {
  Pipe heard;
  const pid_t init =
      start_init(actor({"count_signal", heard.number()}), {.forward_to = ForwardTo::command, .patience = {}});
  heard.writer.reset();
  EXPECT_EQ(heard.next(), 'r');
  EXPECT_EQ(heard.next(), 'r');
  ::kill(init, SIGUSR1);
  EXPECT_EQ(heard.next(), 'p');
  ::kill(init, SIGTERM);
  EXPECT_EQ(end_of(init), 7);
  EXPECT_EQ(heard.next(), '\0') << "the worker never heard anything, and is gone too";
}

TEST(InitSignals, NoneEndsTheInitItself) {
  const Pipe ready;
  const pid_t init = start_init(
      {"sh", "-c", "trap '' HUP INT QUIT USR1 USR2 ALRM PIPE; echo r >&" + ready.number() + "; read x; exit 9"}, {},
      [] {
        int ends[2];
        (void)!::pipe(ends);
        ::dup2(ends[0], 0);
      });
  ASSERT_EQ(ready.next(), 'r');
  for (const int signal : {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE}) ::kill(init, signal);
  EXPECT_EQ(::waitpid(init, nullptr, WNOHANG), 0);
  ::kill(init, SIGTERM);
  EXPECT_EQ(end_of(init), 128 + SIGTERM);
}

TEST(InitSurvivors, AreAskedToEndThenKilled) {
  Pipe open;
  const pid_t init =
      start_init(actor({"orphan", open.number(), "stubborn"}), {.patience = std::chrono::milliseconds(50)});
  open.writer.reset();
  EXPECT_EQ(end_of(init), 3);
  EXPECT_EQ(open.next(), '\0') << "nobody holds it open: the daemon is dead";
}

TEST(InitSurvivors, APoliteOneIsNotWaitedForLongerThanItTakes) {
  const Pipe open;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(end_of(start_init(actor({"orphan", open.number(), "polite"}), {.patience = std::chrono::seconds(60)})), 3);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(50)) << "its patience is 60";
}

TEST(InitSurvivors, AreKeptIfAskedTo) {
  Pipe open;
  const std::string number = open.number();
  EXPECT_EQ(end_of(start_init(actor({"orphan", number, "polite"}), {.survivors = Survivors::keep})), 3);
  open.writer.reset();
  pollfd hung_up{open.reader.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&hung_up, 1, 0), 0);
  for (const Pid pid : sys::list_pids()) {
    const auto words = sys::read_cmdline(pid);
    if (words.size() == 5 && words[2] == "orphan" && words[3] == number) ::kill(pid.number(), SIGKILL);
  }
  EXPECT_EQ(open.next(), '\0');
}

// A sanitizer makes each fork of the helper some twenty times dearer.
#ifdef FOSTER_SANITIZED
constexpr const char* kZombies = "500";
#else
constexpr const char* kZombies = "10000";
#endif

TEST(InitZombies, TenThousandAtOnceAreAllReaped) {
  const Pipe told;
  const Pipe go;
  const pid_t init = start_init(actor({"leave_zombies", kZombies}), {}, [&] {
    ::dup2(go.reader.get(), STDIN_FILENO);
    ::dup2(told.writer.get(), STDOUT_FILENO);
  });
  // As many take their time to make, and each look reads all of them.
  constexpr std::chrono::seconds kPatience(100);
  ASSERT_EQ(told.next(kPatience), 'd');
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(::write(go.writer.get(), "g", 1), 1);
  const pid_t command = children_of(init).alive.at(0);
  ASSERT_TRUE(
      eventually([&] { return children_of(command).alive.empty() && children_of(command).zombies == 0; }, kPatience));
  EXPECT_TRUE(eventually([&] { return children_of(init).zombies == 0; }, kPatience));
  const auto took = std::chrono::steady_clock::now() - begin;
  RecordProperty("milliseconds", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
  ASSERT_EQ(::write(go.writer.get(), "g", 1), 1);
  EXPECT_EQ(end_of(init), 0);
}

TEST(InitAsPidOne, PassesTheStatusOnAndTheKernelEndsTheRest) {
  Pipe open;
  const Pipe refused;
  const pid_t outer = ::fork();
  if (outer == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) {
      (void)!::write(refused.writer.get(), "x", 1);
      ::_exit(0);
    }
    const pid_t init = start_init(actor({"orphan", open.number(), "stubborn"}));
    int status = 0;
    ::waitpid(init, &status, 0);
    ::_exit(WEXITSTATUS(status));
  }
  open.writer.reset();
  const int code = end_of(outer);
  pollfd said{refused.reader.get(), POLLIN, 0};
  if (::poll(&said, 1, 0) == 1) GTEST_SKIP() << "this kernel gives us no pid namespace";
  EXPECT_EQ(code, 3);
  EXPECT_EQ(open.next(), '\0');
}

/// A session with a terminal of its own, as a shell has it. `body` runs as its leader.
struct Terminal {
  explicit Terminal(const std::function<int()>& body) {
    int number = -1;
    leader = ::forkpty(&number, nullptr, nullptr, nullptr);
    if (leader == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::_exit(body());
    }
    master.reset(number);
  }
  UniqueFd master;
  pid_t leader = -1;
};

TEST(InitTerminal, TheCommandIsInTheForegroundAndTheInitAfterIt) {
  const Terminal terminal([] {
    const InitOutcome outcome = run_command_as_init({own_path(), kActorOption, "foreground"});
    if (outcome.exit_code != 0) return outcome.exit_code;
    return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() ? 0 : 2;
  });
  EXPECT_EQ(end_of(terminal.leader), 0);
}

TEST(InitTerminal, InTheBackgroundTheForegroundIsLeftAlone) {
  const Terminal terminal([] {
    const pid_t init = ::fork();
    if (init == 0) {
      ::setpgid(0, 0);
      ::_exit(run_command_as_init({own_path(), kActorOption, "foreground"}).exit_code);
    }
    return end_of(init) == 1 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() ? 0 : 2;
  });
  EXPECT_EQ(end_of(terminal.leader), 0);
}

TEST(InitTerminal, CtrlCReachesTheCommand) {
  const Terminal terminal([] { return run_command_as_init({"sh", "-c", "echo ready; read x"}).exit_code; });
  std::string seen;
  std::array<char, 64> text;
  while (seen.find("ready") == std::string::npos) {
    const ssize_t size = ::read(terminal.master.get(), text.data(), text.size());
    ASSERT_GT(size, 0);
    seen.append(text.data(), static_cast<std::size_t>(size));
  }
  ASSERT_EQ(::write(terminal.master.get(), "\x03", 1), 1);
  EXPECT_EQ(end_of(terminal.leader), 128 + SIGINT);
}

TEST(InitTerminal, CtrlZStopsTheInitAsAJobAndItGoesOnWithItsCommand) {
  const Terminal terminal([] {
    // A shell with job control, as far as this story needs one.
    ::signal(SIGTTOU, SIG_IGN);
    const pid_t init = ::fork();
    if (init == 0) {
      ::signal(SIGTTOU, SIG_DFL);
      ::setpgid(0, 0);
      while (::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) ::usleep(1000);  // pace: of a poll
      ::_exit(run_command_as_init({"sh", "-c", "echo ready; read x; exit 11"}).exit_code);
    }
    ::setpgid(init, init);
    ::tcsetpgrp(STDIN_FILENO, init);
    int status = 0;
    if (::waitpid(init, &status, WUNTRACED) != init || !WIFSTOPPED(status)) return 2;
    if (::tcgetpgrp(STDIN_FILENO) != init) return 3;  // the init took it back before it stopped
    ::tcsetpgrp(STDIN_FILENO, ::getpgrp());
    (void)!::write(STDOUT_FILENO, "stopped", 7);
    ::tcsetpgrp(STDIN_FILENO, init);
    ::kill(-init, SIGCONT);
    ::waitpid(init, &status, 0);
    return WEXITSTATUS(status);
  });
  std::string seen;
  const auto wait_for = [&](const std::string& word) {
    std::array<char, 64> text;
    while (seen.find(word) == std::string::npos) {
      pollfd readable{terminal.master.get(), POLLIN, 0};
      if (::poll(&readable, 1, 10000) != 1) return false;
      const ssize_t size = ::read(terminal.master.get(), text.data(), text.size());
      if (size <= 0) return false;
      seen.append(text.data(), static_cast<std::size_t>(size));
    }
    return true;
  };
  ASSERT_TRUE(wait_for("ready")) << seen;
  ASSERT_EQ(::write(terminal.master.get(), "\x1a", 1), 1);
  ASSERT_TRUE(wait_for("stopped")) << seen;
  ASSERT_EQ(::write(terminal.master.get(), "\n", 1), 1);
  EXPECT_EQ(end_of(terminal.leader), 11);
}

}  // namespace
}  // namespace foster::reaper
