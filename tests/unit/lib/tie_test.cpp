// Children that die with their parent, however it goes; and not before.
#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include <foster/reap.hpp>
#include <foster/spawn.hpp>
#include "support/temporary_cgroup.hpp"
#include "sys/clone.hpp"
#include "unit/lib/children.hpp"

namespace foster {
namespace {

using namespace testing;

/// A shell, and a process that has forked twice, left its session and does not listen. Tells the pid of the latter,
/// then its own.
SpawnPlan family_of(TieToParent tie, BorrowedFd tell) {
  SpawnPlan plan =
      shell("setsid sh -c 'trap \"\" TERM HUP INT; sleep 1000 3>&- & echo $! >&3'; echo $$ >&3; exec sleep 1000 3>&-");
  plan.fds[3] = LentFd{tell};
  plan.tie_to_parent = tie;
  return plan;
}

struct Family {
  pid_t descendant;
  pid_t child;
};

Family read_family(BorrowedFd fd) {
  const pid_t descendant = read_pid(fd);
  return {descendant, read_pid(fd)};
}

/// The parent of such a family, in a process of its own.
class Parent {
 public:
  explicit Parent(TieToParent tie, const std::function<void()>& afterwards = [] { (void)::pause(); }) {
    Pipe said = make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      const Child child = start(family_of(tie, said.writer));
      said.writer.reset();
      afterwards();
      ::_exit(0);
    }
    said.writer.reset();
    family_ = read_family(said.reader);
  }
  ~Parent() {
    for (const pid_t pid : {pid_, spared_}) {
      if (pid > 0) (void)::kill(pid, SIGKILL);
    }
  }
  Parent(const Parent&) = delete;
  Parent& operator=(const Parent&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const Family& family() const { return family_; }
  /// Nothing but the test will end the descendant.
  void expect_spared() { spared_ = family_.descendant; }

 private:
  ScopedSubreaper adopts_what_is_left_;
  pid_t pid_ = -1;
  pid_t spared_ = -1;
  Family family_{-1, -1};
};

TEST(TieProcess, TheChildDiesWhenItsParentIsKilled) {
  Parent parent(TieToParent::process);
  const Watched child(parent.family().child);
  const Watched descendant(parent.family().descendant);
  parent.expect_spared();
  ASSERT_EQ(::kill(parent.pid(), SIGKILL), 0);
  EXPECT_TRUE(child.ends());
  EXPECT_TRUE(descendant.is_alive()) << "only `tree` reaches that far";
}

TEST(TieTree, EverythingBelowDiesWhenTheParentIsKilled) {
  const Parent parent(TieToParent::tree);
  const Watched child(parent.family().child);
  const Watched descendant(parent.family().descendant);
  const auto stat = stat_of(parent.family().descendant);
  ASSERT_NE(stat[3], std::to_string(::getsid(0))) << "it has not left the session";
  ASSERT_EQ(::kill(parent.pid(), SIGKILL), 0);
  EXPECT_TRUE(child.ends());
  EXPECT_TRUE(descendant.ends());
}

/// In the forked process: until the other one closes the pipe.
void wait_for_end(Pipe& gate) {
  char byte = 0;
  gate.writer.reset();
  (void)!::read(gate.reader.get(), &byte, 1);
}

class Tie : public ::testing::TestWithParam<TieToParent> {};

INSTANTIATE_TEST_SUITE_P(, Tie, ::testing::Values(TieToParent::process, TieToParent::tree), [](const auto& test) {
  return std::string(test.param == TieToParent::process ? "Process" : "Tree");
});

TEST_P(Tie, TheChildDiesWhenItsParentExecs) {
  Pipe gate = make_pipe();
  Parent parent(GetParam(), [&] {
    wait_for_end(gate);
    (void)::execl("/bin/sleep", "sleep", "1000", nullptr);
  });
  if (GetParam() == TieToParent::process) parent.expect_spared();
  const Watched child(parent.family().child);
  gate.writer.reset();
  EXPECT_TRUE(child.ends());
  EXPECT_TRUE(wait_until([&] { return status_of(parent.pid())["Name"] == "sleep"; }));
}

TEST_P(Tie, TheChildDiesWhenItsParentExits) {
  Pipe gate = make_pipe();
  Parent parent(GetParam(), [&] {
    wait_for_end(gate);
    ::_exit(0);  // nobody destroys the Child
  });
  if (GetParam() == TieToParent::process) parent.expect_spared();
  const Watched child(parent.family().child);
  gate.writer.reset();
  EXPECT_TRUE(child.ends());
}

/// Until the kernel has let go of a thread: its death signal has been sent by then.
void wait_until_gone(pid_t thread) {
  const std::string entry = "/proc/self/task/" + std::to_string(thread);
  EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(entry); }));
}

TEST_P(Tie, TheChildSurvivesTheThreadThatStartedIt) {
  std::optional<Cat> cat;
  pid_t starter = -1;
  std::thread([&] {
    starter = static_cast<pid_t>(::syscall(SYS_gettid));
    cat.emplace(SpawnPlan{.tie_to_parent = GetParam()});
  }).join();
  wait_until_gone(starter);
  EXPECT_TRUE(cat->answers());
}

TEST(TieProcess, WithoutItsThreadTheChildWouldDieWithItsStarter) {
  std::optional<sys::testing::Cat> cat;
  std::thread([&] {
    sys::SpawnRequest request;
    request.parent_death_signal = Signal::from_number(SIGKILL);
    cat.emplace(std::move(request));
  }).join();
  const Watched child(cat->pid());
  EXPECT_TRUE(child.ends());
}

TEST_P(Tie, IsAChildLikeAnyOther) {
  SpawnPlan plan = shell("read line; echo $line; exit 9");
  plan.fds = {{0, PipeFd{}}, {1, PipeFd{}}};
  plan.tie_to_parent = GetParam();
  Child child = start(plan);
  EXPECT_TRUE(child.is_alive());
  EXPECT_FALSE(child.try_wait());
  ASSERT_EQ(::write(child.take_input().get(), "word\n", 5), 5);
  EXPECT_EQ(read_all(child.take_output()), "word\n");
  const Ended ended = child.wait();
  EXPECT_EQ(ended.status, ExitStatus(Exited{9}));
  EXPECT_GT(ended.use.most_resident_bytes, 0U);
  EXPECT_EQ(child.signal(*Signal::from_number(SIGTERM)).error().code, ESRCH);
  EXPECT_TRUE(has_no_children());
}

TEST_P(Tie, WorksInAForkedProcessToo) {
  Child before = start(command({"true"}));
  const int code = in_forked_process([] {
    SpawnPlan plan = shell("exit 4");
    plan.tie_to_parent = GetParam();
    return start(plan).wait().status == ExitStatus(Exited{4}) && has_no_children() ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST_P(Tie, StaysInOurSessionAndGroup) {
  Cat cat({.tie_to_parent = GetParam()});
  const auto stat = stat_of(cat.pid());
  EXPECT_EQ(stat[2], std::to_string(::getpgid(0)));
  EXPECT_EQ(stat[3], std::to_string(::getsid(0)));
}

TEST_P(Tie, TellsAnEndBySignal) {
  SpawnPlan plan = sleeper();
  plan.tie_to_parent = GetParam();
  Child child = start(plan);
  ASSERT_TRUE(child.signal(*Signal::from_number(SIGINT)));
  EXPECT_EQ(child.wait().status, ExitStatus(Killed{*Signal::from_number(SIGINT)}));
}

TEST(TieTree, TellsTheEndWhereSigchldIsIgnored) {
  const int code = in_forked_process([] {
    (void)::signal(SIGCHLD, SIG_IGN);
    SpawnPlan plan = shell("exit 6");
    plan.tie_to_parent = TieToParent::tree;
    return start(plan).wait().status == ExitStatus(Exited{6}) && has_no_children() ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

/// The guardian of a child: its parent.
pid_t guardian_of(pid_t child) {
  const pid_t parent = std::stoi(status_of(child)["PPid"]);
  EXPECT_EQ(status_of(parent)["Name"], "foster-guard");
  return parent;
}

TEST(TieTree, TheGuardianHoldsNothingAndStandsApart) {
  Cat cat({.tie_to_parent = TieToParent::tree});
  const pid_t guardian = guardian_of(cat.pid());
  EXPECT_EQ(stat_of(guardian)[1], std::to_string(::getpid()));
  EXPECT_EQ(stat_of(guardian)[2], std::to_string(guardian)) << "its own group";
  EXPECT_TRUE(wait_until([&] { return open_fds_of(guardian).size() == 3; })) << open_fds_of(guardian).size();
  EXPECT_EQ(std::filesystem::read_symlink("/proc/" + std::to_string(guardian) + "/cwd"), "/");
  cat.close_input();
  EXPECT_TRUE(is_success(cat.child().wait().status));
}

TEST(TieTree, TheChildDiesWithItsGuardian) {
  const ScopedSubreaper adopts_it;
  Cat cat({.tie_to_parent = TieToParent::tree});
  const Watched child(cat.pid());
  ASSERT_EQ(::kill(guardian_of(cat.pid()), SIGKILL), 0);
  EXPECT_TRUE(child.ends());
  (void)cat.child().wait();
  EXPECT_TRUE(cat.child().stop());
}

TEST(TieTree, StopEndsEverythingBelowAndTellsTheChildsOwnEnd) {
  Pipe said = make_pipe();
  Child child = start(family_of(TieToParent::tree, said.writer));
  const Family family = read_family(said.reader);
  const Watched descendant(family.descendant);
  const auto stopped = child.stop();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->status, ExitStatus(Killed{*Signal::from_number(SIGTERM)}));
  EXPECT_FALSE(descendant.is_alive());
  EXPECT_TRUE(has_no_children());
}

TEST(TieTree, WhatTheChildLeavesIsGuardedUntilTheObjectGoes) {
  Pipe said = make_pipe();
  SpawnPlan plan = family_of(TieToParent::tree, said.writer);
  plan.argv[2] = plan.argv[2].substr(0, plan.argv[2].rfind("exec"));  // the child ends, the descendant does not
  std::optional<Child> child(start(plan));
  const Watched descendant(read_family(said.reader).descendant);
  EXPECT_TRUE(is_success(child->wait().status));
  EXPECT_TRUE(descendant.is_alive());
  child.reset();
  EXPECT_FALSE(descendant.is_alive());
  EXPECT_TRUE(has_no_children());
}

TEST(TieTree, KillsTheCgroupItWasGiven) {
  const TemporaryCgroup cgroup;
  if (!cgroup.exists()) GTEST_SKIP() << "no writable cgroup v2 tree here";
  Pipe said = make_pipe();
  SpawnPlan plan = family_of(TieToParent::tree, said.writer);
  plan.cgroup = cgroup.path();
  Child child = start(plan);
  const Family family = read_family(said.reader);
  const Watched descendant(family.descendant);
  const auto stopped = child.stop({.patience = std::chrono::milliseconds(0)});
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->status, ExitStatus(Killed{*Signal::from_number(SIGKILL)}));
  EXPECT_FALSE(descendant.is_alive());
}

TEST(SpawnCgroup, IsWhereTheChildIsBornAndWhatStopKills) {
  const TemporaryCgroup cgroup;
  if (!cgroup.exists()) GTEST_SKIP() << "no writable cgroup v2 tree here";
  Pipe said = make_pipe();
  SpawnPlan plan = family_of(TieToParent::none, said.writer);
  plan.cgroup = cgroup.path();
  Child child = start(plan);
  const Watched descendant(read_family(said.reader).descendant);
  EXPECT_TRUE(child.stop());
  EXPECT_TRUE(descendant.ends());
}

}  // namespace
}  // namespace foster
