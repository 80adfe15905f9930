#include "sys/clone.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "sys/facilities.hpp"
#include "sys/signals.hpp"
#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Spawn, RunsTheProgramWithItsArgumentsAndOnlyTheGivenEnvironment) {
  SpawnRequest request = request_for({"/usr/bin/env"});
  request.environment = {"ONE=1", "TWO=two words"};
  const Finished finished = run(request);
  EXPECT_EQ(finished.output, "ONE=1\nTWO=two words\n");
  EXPECT_EQ(finished.status, ExitStatus(Exited{0}));
}

TEST(Spawn, GivesAPidfdOfTheVeryProcess) {
  Cat cat;
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(cat.spawned().pidfd.get()));
  const std::string text{std::istreambuf_iterator<char>(info), {}};
  EXPECT_THAT(text, HasSubstr("Pid:\t" + std::to_string(cat.pid()) + "\n"));
  EXPECT_NE(::fcntl(cat.spawned().pidfd.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(Spawn, LeavesTheCallersSignalMaskAsItWas) {
  const SignalSet before = blocked_signals();
  Cat cat;
  for (int number = 1; number <= 64; ++number) {
    const auto signal = *Signal::from_number(number);
    EXPECT_EQ(blocked_signals().contains(signal), before.contains(signal)) << number;
  }
}

TEST(SpawnNewSession, LeadsItsOwnSessionAndGroupWithoutATerminal) {
  SpawnRequest request;
  request.session = SessionMode::new_session;
  Cat cat(request);
  EXPECT_EQ(::getsid(cat.pid()), cat.pid());
  EXPECT_EQ(::getpgid(cat.pid()), cat.pid());
  EXPECT_EQ(stat_of(cat.pid()).at(4), "0");  // tty_nr
}

TEST(SpawnNewGroup, StaysInTheSessionWithAGroupOfItsOwn) {
  SpawnRequest request;
  request.session = SessionMode::new_group;
  Cat cat(request);
  EXPECT_EQ(::getsid(cat.pid()), ::getsid(0));
  EXPECT_EQ(::getpgid(cat.pid()), cat.pid());
}

TEST(SpawnSignals, NothingIsBlockedAndNothingIgnoredWhateverTheCallerDoes) {
  const auto old_pipe = ::signal(SIGPIPE, SIG_IGN);
  const auto old_hup = ::signal(SIGHUP, SIG_IGN);
  const auto old_usr1 = ::signal(SIGUSR1, [](int) {});
  {
    const ScopedSignalMask masked(SignalSet{*Signal::from_name("TERM"), *Signal::from_name("RTMIN+3")});
    SpawnRequest knows_them;
    knows_them.changed_signals = changed_signals();
    for (const SpawnRequest& request : {SpawnRequest{}, knows_them}) {
      Cat cat(request);
      auto status = status_of(cat.pid());
      EXPECT_EQ(status["SigBlk"], "0000000000000000");
      EXPECT_EQ(status["SigIgn"], "0000000000000000");
      EXPECT_EQ(status["SigCgt"], "0000000000000000");
    }
  }
  ::signal(SIGPIPE, old_pipe);
  ::signal(SIGHUP, old_hup);
  ::signal(SIGUSR1, old_usr1);
}

std::atomic<pid_t> handler_owner{0};
std::atomic<int> strange_handler_runs{0};

TEST(SpawnSignals, NoHandlerOfOursRunsInTheChild) {
  const int code = in_forked_process([] {
    (void)::setpgid(0, 0);
    handler_owner = ::getpid();
    // In the child it would run on this very memory.
    ::signal(SIGUSR1, [](int) {
      if (::syscall(SYS_getpid) != handler_owner) ++strange_handler_runs;
    });
    const pid_t hammer = ::fork();
    if (hammer == 0) {
      ::signal(SIGUSR1, SIG_IGN);
      for (;;) ::kill(0, SIGUSR1);
    }
    for (int round = 0; round < 200; ++round) {
      auto spawned = spawn(request_for({"/bin/true"}));
      if (!spawned) return 1;
      if (!await_exit(spawned->pid)) return 2;
    }
    ::kill(hammer, SIGKILL);
    (void)await_exit(Pid(hammer));
    return strange_handler_runs == 0 ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnAttributes, UmaskNiceLimitsAndDirectoryAreThoseOfTheRequest) {
  SpawnRequest request;
  request.umask = 027;
  request.nice = 5;
  request.directory = "/usr/bin";
  request.limits = {{RLIMIT_CORE, 0, 0}, {RLIMIT_NOFILE, 64, 128}};
  request.new_privileges = NewPrivileges::never;
  Cat cat(request);
  auto status = status_of(cat.pid());
  EXPECT_EQ(status["Umask"], "0027");
  EXPECT_EQ(status["NoNewPrivs"], "1");
  EXPECT_EQ(stat_of(cat.pid()).at(16), "5");  // nice
  const std::string proc = "/proc/" + std::to_string(cat.pid());
  EXPECT_EQ(std::filesystem::read_symlink(proc + "/cwd"), std::filesystem::canonical("/usr/bin"));
  struct rlimit limit{};
  EXPECT_EQ(::prlimit(cat.pid(), RLIMIT_NOFILE, nullptr, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, 64U);
  EXPECT_EQ(limit.rlim_max, 128U);
}

TEST(SpawnIds, UserGroupAndSupplementaryGroupsAreAllReplaced) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  SpawnRequest request;
  request.uid = 65534;
  request.gid = 65533;
  request.groups = {{1001, 1002}};
  Cat cat(request);
  auto status = status_of(cat.pid());
  EXPECT_EQ(status["Uid"], "65534\t65534\t65534\t65534");
  EXPECT_EQ(status["Gid"], "65533\t65533\t65533\t65533");
  EXPECT_EQ(status["Groups"], "1001 1002 ");
  EXPECT_EQ(status["CapEff"], "0000000000000000");
}

TEST(SpawnParentDeath, TheChildDiesWithItsParent) {
  Pipe alive = make_pipe();
  const int code = in_forked_process([&] {
    SpawnRequest request = request_for({"/bin/sleep", "1000"});
    request.parent_death_signal = Signal::from_name("KILL");
    request.fds = {{alive.writer, 5}};
    return spawn(request) ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  alive.writer.reset();
  EXPECT_EQ(read_all(alive.reader), "");  // returns when the orphan, too, is gone
}

TEST(SpawnClaim, ThePidStandsInTheWordBeforeTheProgramRuns) {
  std::atomic<std::uint64_t> word{std::uint64_t{7} << 32};
  SpawnRequest request;
  request.claim = ClaimTicket{&word, word.load()};
  Cat cat(request);
  EXPECT_EQ(word.load(), (std::uint64_t{7} << 32) | static_cast<std::uint64_t>(cat.pid()));
}

TEST(SpawnClaim, AChangedWordEndsTheChildBeforeItDoesAnything) {
  std::atomic<std::uint64_t> word{std::uint64_t{8} << 32};
  const Pipe output = make_pipe();
  SpawnRequest request = shell("echo ran");
  request.claim = ClaimTicket{&word, std::uint64_t{7} << 32};
  const auto spawned = spawn(request);
  ASSERT_FALSE(spawned);
  EXPECT_EQ(spawned.error().step, "claim");
  EXPECT_EQ(spawned.error().code, ECANCELED);
  EXPECT_EQ(word.load(), std::uint64_t{8} << 32);
  EXPECT_TRUE(has_no_children());
}

TEST(SpawnWithoutClone3, IsNoDifferentToTheProgram) {
  FOSTER_SKIP_PLAIN_CLONE_UNDER_TSAN();
  forbid_facilities_for_testing("clone3");
  const Finished finished = run(shell("echo $$; exit 4"));
  auto lane = FdLane::reserve();
  ASSERT_TRUE(lane);
  SpawnRequest with_lane = shell("echo laid");
  with_lane.lane = &*lane;
  const Finished laid = run(with_lane);
  const auto failed = spawn(request_for({"/no/such/program"}));
  forbid_facilities_for_testing("");
  EXPECT_EQ(finished.status, ExitStatus(Exited{4}));
  EXPECT_NE(finished.output, "");
  EXPECT_EQ(laid.output, "laid\n");
  ASSERT_FALSE(failed);
  EXPECT_EQ(to_string(failed.error()), "exec /no/such/program: No such file or directory");
  EXPECT_TRUE(has_no_children());
}

TEST(SpawnGrandparent, TheChildIsASiblingThatOurParentReaps) {
  const int code = in_forked_process([] {
    // Here is the grandparent: it forks the one that spawns, and reaps both.
    Pipe said = make_pipe();
    const pid_t middle = ::fork();
    if (middle == 0) {
      SpawnRequest request = shell("exit 42");
      request.parent = Parent::grandparent;
      auto spawned = spawn(request);
      if (!spawned) ::_exit(1);
      const pid_t pid = spawned->pid.number();
      // Not ours to wait for.
      if (::waitpid(pid, nullptr, __WALL) != -1 || errno != ECHILD) ::_exit(2);
      ::_exit(::write(said.writer.get(), &pid, sizeof pid) == sizeof pid ? 0 : 3);
    }
    pid_t sibling = -1;
    if (::read(said.reader.get(), &sibling, sizeof sibling) != sizeof sibling) return 10;
    const auto own = await_exit(Pid(middle));
    if (!own || own->wait_status != 0) return 11;
    const auto adopted = await_exit(Pid(sibling));
    if (!adopted || exit_status_from_wait(adopted->wait_status) != ExitStatus(Exited{42})) return 12;
    return has_no_children() ? 0 : 13;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnGrandparent, AFailedChildIsReportedHereAndReapedThere) {
  const int code = in_forked_process([] {
    const pid_t middle = ::fork();
    if (middle == 0) {
      SpawnRequest request = request_for({"/no/such/program"});
      request.parent = Parent::grandparent;
      const auto spawned = spawn(request);
      ::_exit(!spawned && spawned.error().step == "exec" && spawned.error().code == ENOENT ? 0 : 1);
    }
    int failed = 0;
    for (int left = 2; left > 0; --left) {
      siginfo_t info{};
      if (::waitid(P_ALL, 0, &info, WEXITED | __WALL) != 0) return 10;
      if (info.si_pid == middle && info.si_status != 0) return 11;
      if (info.si_pid != middle) failed = info.si_status;
    }
    return failed == 127 && has_no_children() ? 0 : 12;
  });
  EXPECT_EQ(code, 0);
}

TEST(SpawnFromAThread, WorksInSeveralAtOnce) {
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&good] {
        for (int round = 0; round < 10; ++round) {
          auto spawned = spawn(request_for({"/bin/true"}));
          if (!spawned) continue;
          const auto report = await_exit(spawned->pid);
          if (report && report->wait_status == 0) ++good;
        }
      });
    }
  }
  EXPECT_EQ(good.load(), 40);
  EXPECT_TRUE(has_no_children());
}

TEST(SpawnManyTimes, NoDescriptorAndNoZombieIsLeftBehind) {
  const auto fds_before = open_fds_of(::getpid());
  for (int i = 0; i < 50; ++i) {
    EXPECT_FALSE(spawn(request_for({"/no/such/program"})));
    EXPECT_EQ(run(request_for({"/bin/true"})).status, ExitStatus(Exited{0}));
  }
  EXPECT_EQ(open_fds_of(::getpid()), fds_before);
  EXPECT_TRUE(has_no_children());
}

}  // namespace
}  // namespace foster::sys
