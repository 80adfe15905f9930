// The table of the real /proc, and each kind made with real processes.
#include <foster/process_table.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <thread>

#include "support/terminal.hpp"
#include "unit/sys/spawning.hpp"

namespace foster {
namespace {

using sys::testing::make_pipe;
using sys::testing::Pipe;

ProcessTable table_now(const TableDetail& detail = {}) {
  auto table = read_process_table(detail);
  EXPECT_TRUE(table) << to_string(table.error());
  return std::move(*table);
}

/// A process that tells its pid through `say` from wherever it was forked, and ends with the test.
class Family {
 public:
  explicit Family(const std::function<void(Family&)>& act) {
    first_ = ::fork();
    if (first_ == 0) {
      act(*this);
      ::_exit(0);
    }
    said_.writer.reset();
    told_.reader.reset();
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  ~Family() {
    told_.writer.reset();
    (void)::waitpid(first_, nullptr, 0);
    while (adopted_ > 0 && ::waitpid(adopted_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  // In a child.
  void speak_and_stay() {
    told_.writer.reset();
    const pid_t self = ::getpid();
    (void)!::write(said_.writer.get(), &self, sizeof self);
    char ignored;
    (void)!::read(told_.reader.get(), &ignored, 1);
    ::_exit(0);
  }

  // In the test.
  pid_t first() const { return first_; }
  Pid spoken() {
    pid_t pid = 0;
    EXPECT_EQ(::read(said_.reader.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    return Pid(pid);
  }
  void expect_adopted(Pid pid) { adopted_ = pid.number(); }

 private:
  Pipe said_ = make_pipe();
  Pipe told_ = make_pipe();
  pid_t first_ = -1;
  pid_t adopted_ = -1;
};

void fork_and_leave() {
  if (::fork() != 0) ::_exit(0);
}

TEST(ReadProcessTable, KnowsOurselves) {
  const auto table = table_now({.cgroup = true});
  const Process* self = table.find(Pid(::getpid()));
  ASSERT_NE(self, nullptr);
  EXPECT_EQ(self->parent ? self->parent->number() : 0, ::getppid());
  EXPECT_EQ(self->group ? self->group->number() : 0, ::getpgid(0));
  EXPECT_EQ(self->session ? self->session->number() : 0, ::getsid(0));
  EXPECT_EQ(self->state, ProcessState::running);
  EXPECT_EQ(self->user, ::geteuid());
  EXPECT_GT(self->resident_bytes, 0U);
  EXPECT_THAT(command_line(*self), ::testing::HasSubstr("lib_test"));
  EXPECT_EQ(self->threads, 1);
}

TEST(ReadProcessTable, HasEveryParentOlderThanItsChildrenWhileProcessesComeAndGo) {
  std::atomic<bool> is_over = false;
  std::thread storm([&is_over] {
    while (!is_over) {
      const pid_t child = ::fork();
      if (child == 0) {
        if (::fork() == 0) ::_exit(0);
        ::_exit(0);
      }
      (void)::waitpid(child, nullptr, 0);
    }
  });
  for (int round = 0; round < 20; ++round) {
    const auto table = table_now();
    for (const Process& process : table.processes()) {
      if (!process.parent) continue;
      const Process* parent = table.parent_of(process);
      ASSERT_NE(parent, nullptr) << process.pid.number();
      EXPECT_LE(parent->start_ticks, process.start_ticks);
      EXPECT_FALSE(classify(process, table).reason.empty());
    }
  }
  is_over = true;
  storm.join();
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

TEST(ReadProcess, GivesOneAsTheTableDoesAndNobodyForANumberThatIsNobodys) {
  const auto self = read_process(Pid(::getpid()));
  ASSERT_TRUE(self);
  EXPECT_EQ(self->parent ? self->parent->number() : 0, ::getppid());
  EXPECT_EQ(self->session ? self->session->number() : 0, ::getsid(0));
  EXPECT_FALSE(self->arguments.empty());
  EXPECT_EQ(self->user, ::geteuid());
  EXPECT_FALSE(read_process(Pid(4'194'305)));
}

TEST(ReadProcessTable, TakesTheNameAProcessGivesItself) {
  Family family([](Family& self) {
    (void)::prctl(PR_SET_NAME, ") Z 1 (\n x");
    self.speak_and_stay();
  });
  const Pid pid = family.spoken();
  const auto table = table_now();
  ASSERT_NE(table.find(pid), nullptr);
  EXPECT_EQ(table.find(pid)->name, ") Z 1 (\n x");
  EXPECT_EQ(table.find(pid)->parent, Pid(::getpid()));
}

TEST(ClassifyForReal, AChildNotWaitedForIsAZombieOfOurs) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const auto table = table_now();
  ASSERT_NE(table.find(Pid(child)), nullptr);
  const auto found = classify(*table.find(Pid(child)), table);
  EXPECT_EQ(found.kind, ProcessKind::zombie);
  EXPECT_THAT(found.reason, ::testing::HasSubstr("(" + std::to_string(::getpid()) + ")"));
  EXPECT_TRUE(table.find(Pid(child))->arguments.empty());
  (void)::waitpid(child, nullptr, 0);
}

TEST(ClassifyForReal, ADoubleForkIsADaemonAndItsAdopterIsSeen) {
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Family family([](Family& self) {
    (void)::setsid();
    fork_and_leave();
    self.speak_and_stay();
  });
  const Pid pid = family.spoken();
  family.expect_adopted(pid);
  (void)::waitpid(family.first(), nullptr, 0);
  const auto table = table_now();
  ASSERT_NE(table.find(pid), nullptr);
  const auto found = classify(*table.find(pid), table);
  EXPECT_EQ(found.kind, ProcessKind::daemon) << found.reason;
  ASSERT_TRUE(found.adoption) << found.reason;
  EXPECT_EQ(found.adoption->by, Pid(::getpid()));
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(ClassifyForReal, WhoOutlivesItsParentInALivingSessionIsAnOrphan) {
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Family family([](Family& self) {
    (void)::setsid();
    if (::fork() == 0) {
      fork_and_leave();
      self.speak_and_stay();
    }
    self.speak_and_stay();
  });
  const Pid one = family.spoken();
  const Pid other = family.spoken();
  const Pid orphan = one == Pid(family.first()) ? other : one;
  family.expect_adopted(orphan);
  // It speaks while its parent is just about to end.
  while (table_now().find(orphan)->parent != Pid(::getpid())) std::this_thread::yield();
  const auto table = table_now();
  const auto found = classify(*table.find(orphan), table);
  EXPECT_EQ(found.kind, ProcessKind::orphan) << found.reason;
  ASSERT_TRUE(found.adoption);
  EXPECT_EQ(found.adoption->by, Pid(::getpid()));
  EXPECT_EQ(classify(*table.find(Pid(family.first())), table).kind, ProcessKind::daemon);
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST(ClassifyForReal, AShellInATerminalIsInTheForegroundAndItsJobBehindIt) {
  testing::Terminal terminal({"sh", "-c", "set -m; sleep 1000 & echo job=$!; read line"});
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (terminal.screen().find("job=") == std::string::npos || terminal.screen().find('\n') == std::string::npos) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << terminal.screen();
    std::this_thread::yield();
  }
  const pid_t job = std::atoi(terminal.screen().c_str() + terminal.screen().find("job=") + 4);
  const auto table = table_now();
  ASSERT_NE(table.find(Pid(job)), nullptr);
  const auto shell = classify(*table.find(Pid(terminal.leader())), table);
  const auto background = classify(*table.find(Pid(job)), table);
  EXPECT_EQ(shell.kind, ProcessKind::foreground) << shell.reason;
  EXPECT_EQ(background.kind, ProcessKind::background) << background.reason;
  EXPECT_THAT(table.find(Pid(job))->terminal->name(), ::testing::StartsWith("pts/"));
  ::kill(job, SIGKILL);
}

}  // namespace
}  // namespace foster
