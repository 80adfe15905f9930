#include "reaper/reaper.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include "sys/pidfd.hpp"
#include "sys/procfs.hpp"
#include "unit/ledger/ledger_directory.hpp"
#include "unit/reaper/reaper_under_test.hpp"

namespace foster::reaper {
namespace {

using testing::children_of;
using testing::eventually;
using ::testing::IsEmpty;
using testing::Line;
using testing::ReaperUnderTest;
using ::testing::SizeIs;
using testing::start_nursery;

bool has_message(pid_t sender, const Line& line, int signal) {
  return line == Line{"signalled", std::to_string(signal), std::to_string(sender), std::to_string(::getuid())};
}

std::set<int> sequences(const std::vector<Line>& exits) {
  std::set<int> numbers;
  for (const Line& line : exits) numbers.insert(std::stoi(line.at(1)));
  return numbers;
}

std::set<int> one_to(int last) {
  std::set<int> numbers;
  for (int number = 1; number <= last; ++number) numbers.insert(number);
  return numbers;
}

TEST(ReaperStart, IsASubreaperWithItsOwnNameAndWritesItselfDown) {
  ReaperUnderTest reaper({});
  const pid_t supervisor = reaper.stand_in();
  EXPECT_STREQ(sys::read_stat(Pid(reaper.pid()))->comm, "foster: reaper");
  EXPECT_EQ(sys::read_stat(Pid(supervisor))->ppid, reaper.pid());
  ASSERT_TRUE(reaper.ledger().reaper());
  EXPECT_TRUE(sys::ProcessHandle::open(*reaper.ledger().reaper()));
  EXPECT_EQ(reaper.ledger().reaper()->pid, reaper.pid());
  EXPECT_TRUE(eventually([&] { return reaper.ledger().supervisor_pid() == Pid(supervisor); }));
  EXPECT_EQ(reaper.ledger().recoveries(), 0);
}

TEST(ReaperStart, TheSupervisorHasItsNameNoBlockedSignalAndNoDescriptorTooMany) {
  ReaperUnderTest reaper({});
  const pid_t supervisor = reaper.stand_in();
  EXPECT_EQ(sys::read_cmdline(Pid(supervisor)).at(0), "foster: supervisor");
  const auto status = sys::read_status(Pid(supervisor));
  EXPECT_EQ(status->blocked, 0);
  EXPECT_EQ(status->ignored, 0);
  int sockets = 0;
  for (const auto& fd : std::filesystem::directory_iterator("/proc/" + std::to_string(supervisor) + "/fd")) {
    sockets += std::filesystem::read_symlink(fd).string().starts_with("socket:") ? 1 : 0;
  }
  EXPECT_EQ(sockets, 1) << "with the reaper's end it would never notice the reaper's death";
}

TEST(ReaperStart, WithoutARuntimeDirectoryThereIsAnErrorAndNoReaper) {
  const auto code = run({.program = testing::own_path(),
                         .runtime_directory = "/nonexistent/foster",
                         .instance_name = "test",
                         .supervisor_arguments = {},
                         .instance_lock = {},
                         .ready_fd = {}});
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().code, ENOENT);
}

TEST(ReaperExits, OrphansAreAdoptedReportedWithTheirStatusAndReaped) {
  constexpr int kOrphans = 50;
  ReaperUnderTest reaper({.before_run = [] { start_nursery(kOrphans); }});
  ASSERT_TRUE(reaper.eventually_logged("exited", kOrphans + 1));
  const auto exits = reaper.log("exited");
  EXPECT_EQ(sequences(exits), one_to(kOrphans + 1));
  std::multiset<int> codes;
  for (const Line& line : exits) codes.insert(WEXITSTATUS(std::stoi(line.at(3))));
  for (int code = 1; code < kOrphans; ++code) EXPECT_EQ(codes.count(code), 1) << code;
  EXPECT_EQ(codes.count(0), 2) << "the first orphan and the nursery";
  EXPECT_TRUE(eventually([&] { return children_of(reaper.pid()).zombies == 0; }));
  EXPECT_THAT(children_of(reaper.pid()).alive, SizeIs(1)) << "the supervisor";
}

TEST(ReaperExits, ASiblingOfTheSupervisorIsReportedWithItsUsage) {
  ReaperUnderTest reaper({});
  ASSERT_GT(reaper.stand_in(), 0);
  reaper.signal(SIGUSR1);
  ASSERT_TRUE(reaper.eventually_logged("exited"));
  const Line exit = reaper.log("exited").front();
  EXPECT_EQ(exit.at(2), reaper.log("sibling").at(0).at(1));
  EXPECT_EQ(WEXITSTATUS(std::stoi(exit.at(3))), 42);
  EXPECT_GT(std::stol(exit.at(4)), 0) << "kilobytes of its largest resident set";
}

TEST(ReaperExits, DeathBySignalIsTold) {
  ReaperUnderTest reaper({.before_run = [] {
    if (::fork() == 0) {
      ::raise(SIGKILL);
    }
  }});
  ASSERT_TRUE(reaper.eventually_logged("exited"));
  const int status = std::stoi(reaper.log("exited").front().at(3));
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

TEST(ReaperExits, SequenceGoesOnFromTheLedgers) {
  ReaperUnderTest reaper({.before_run = [] { start_nursery(0); },
                          .prepare_ledger = [](ledger::Ledger& ledger) { ledger.set_last_exit_sequence(41); }});
  ASSERT_TRUE(reaper.eventually_logged("exited"));
  EXPECT_EQ(reaper.log("exited").front().at(1), "42");
}

TEST(ReaperBackPressure, ZombiesWaitInTheKernelAndNoneIsLost) {
  constexpr int kOrphans = 1500;
  ReaperUnderTest reaper({.stand_in = {"--deaf"}, .before_run = [] { start_nursery(kOrphans); }});
  const pid_t deaf = reaper.stand_in();
  // All are dead, the socket is full, and what did not fit has not been reaped.
  ASSERT_TRUE(reaper.eventually_only_zombies());
  const std::size_t waiting = children_of(reaper.pid()).zombies;
  EXPECT_GT(waiting, 500U);
  EXPECT_LT(waiting, static_cast<std::size_t>(kOrphans));
  // And it waits for room without asking for it: it wakes up for its one look whether the supervisor still listens.
  const auto before = sys::read_stat(Pid(reaper.pid()));
  const auto wakes = [&] {
    std::ifstream status("/proc/" + std::to_string(reaper.pid()) + "/status");
    const std::string all((std::istreambuf_iterator<char>(status)), {});
    constexpr std::string_view kKey = "\nvoluntary_ctxt_switches:";
    return std::stol(all.substr(all.find(kKey) + kKey.size()));
  };
  const long rest = wakes();
  ::usleep(100000);  // pace: the time in which nothing else may happen
  EXPECT_LE(wakes(), rest + 1);
  EXPECT_EQ(sys::read_stat(Pid(reaper.pid()))->stime, before->stime);

  ::kill(deaf, SIGUSR1);
  ASSERT_TRUE(reaper.eventually_logged("exited", kOrphans + 1));
  EXPECT_EQ(sequences(reaper.log("exited")), one_to(kOrphans + 1));
  EXPECT_TRUE(eventually([&] { return children_of(reaper.pid()).zombies == 0; }));
}

TEST(ReaperBackPressure, ADeadSupervisorDoesNotWaitBehindTheZombies) {
  constexpr int kOrphans = 800;
  ReaperUnderTest reaper({.stand_in = {"--deaf"}, .before_run = [] { start_nursery(kOrphans); }});
  const pid_t deaf = reaper.stand_in();
  ASSERT_TRUE(reaper.eventually_only_zombies());
  ::kill(deaf, SIGKILL);
  const pid_t next = reaper.stand_in(2);
  ASSERT_NE(next, deaf);
  ::kill(next, SIGUSR1);
  ASSERT_TRUE(reaper.eventually_logged("exited", kOrphans + 1)) << "what was told to the dead one is still there";
  EXPECT_EQ(sequences(reaper.log("exited")), one_to(kOrphans + 1));
}

TEST(ReaperBackPressure, ASignalIsNotLostInAFullSocket) {
  ReaperUnderTest reaper({.stand_in = {"--deaf"}, .before_run = [] { start_nursery(800); }});
  const pid_t deaf = reaper.stand_in();
  ASSERT_TRUE(reaper.eventually_only_zombies());
  reaper.signal(SIGWINCH);
  reaper.signal(SIGTERM);
  ::kill(deaf, SIGUSR1);
  EXPECT_TRUE(reaper.eventually_logged("signalled", 2));
  EXPECT_TRUE(reaper.eventually_logged("exited", 801));
}

// A pause of the brake is 100 ms at least. With a sanitizer a start alone may take as long.
#ifdef FOSTER_SANITIZED
constexpr bool kShowsPauses = false;
#else
constexpr bool kShowsPauses = true;
#endif

TEST(ReaperRecovery, AKilledSupervisorIsReplacedAtOnce) {
  ReaperUnderTest reaper({});
  auto quickest = std::chrono::steady_clock::duration::max();
  for (std::size_t life = 1; life <= 20; ++life) {
    const pid_t supervisor = reaper.stand_in(life);
    // Its next life counts from its `up`, which it says right after its first line.
    reaper.signal(SIGWINCH);
    ASSERT_TRUE(reaper.eventually_logged("signalled", life));
    const auto killed = std::chrono::steady_clock::now();
    ::kill(supervisor, SIGKILL);
    ASSERT_GT(reaper.stand_in(life + 1), 0);
    quickest = std::min(quickest, std::chrono::steady_clock::now() - killed);
  }
  if (kShowsPauses) {
    EXPECT_LT(quickest, std::chrono::milliseconds(100));
  }
  EXPECT_EQ(reaper.ledger().recoveries(), 20);
  EXPECT_THAT(reaper.log("exited"), IsEmpty()) << "the supervisor's own end is nobody's business";
}

TEST(ReaperRecovery, KilledAtRandomTimesNoExitIsLostAndAReplayKeepsItsNumber) {
  constexpr int kOrphans = 1200;
  ReaperUnderTest reaper({.before_run = [] { start_nursery(kOrphans); }});
  unsigned seed = 7;
  int kills = 0;
  const auto done = [&] { return sequences(reaper.log("exited")).size() == kOrphans + 1; };
  std::size_t lives = 1;
  while (!done() && kills < 2000) {
    const auto starts = reaper.log("start");
    if (starts.size() < lives) {
      ::usleep(200);  // pace: of a poll
      continue;
    }
    seed = seed * 1103515245 + 12345;
    ::usleep(seed / 65536 % 4000);  // pace: killed anywhere in its life
    ::kill(std::stoi(starts.back().at(1)), SIGKILL);
    lives = starts.size() + 1;
    ++kills;
  }
  ASSERT_TRUE(eventually(done)) << "after " << kills << " kills only " << sequences(reaper.log("exited")).size()
                                << " exits; alive " << children_of(reaper.pid()).alive.size() << ", zombies "
                                << children_of(reaper.pid()).zombies << ", lives " << reaper.log("start").size();
  RecordProperty("kills", kills);
  EXPECT_GT(kills, 10);
  EXPECT_EQ(sequences(reaper.log("exited")), one_to(kOrphans + 1));
  std::map<std::string, Line> by_sequence;
  std::set<std::string> pids;
  for (const Line& line : reaper.log("exited")) {
    const auto [found, is_new] = by_sequence.emplace(line.at(1), line);
    EXPECT_EQ(found->second, line) << "a replay tells the same";
    if (is_new) pids.insert(line.at(2));
  }
  EXPECT_EQ(pids.size(), by_sequence.size()) << "no exit has two numbers";
  EXPECT_TRUE(eventually([&] { return children_of(reaper.pid()).zombies == 0; }));
}

TEST(ReaperRecovery, ACrashLoopIsBraked) {
  ReaperUnderTest reaper({.stand_in = {"--exit", "3"}});
  ASSERT_GT(reaper.stand_in(6), 0);
  std::vector<long long> starts;
  for (const Line& line : reaper.log("start")) starts.push_back(std::stoll(line.at(2)));
  constexpr long long kMillisecond = 1000000;
  if (kShowsPauses) {
    EXPECT_LT(starts[2] - starts[0], 90 * kMillisecond) << "twice at once";
  }
  EXPECT_GE(starts[3] - starts[2], 100 * kMillisecond);
  EXPECT_GE(starts[4] - starts[3], 200 * kMillisecond);
  EXPECT_GE(starts[5] - starts[4], 400 * kMillisecond);
}

TEST(ReaperRecovery, AProgramThatIsGoneIsReplacedByTheReapersOwn) {
  ReaperUnderTest reaper({.program = "/nonexistent/foster"});
  EXPECT_GT(reaper.stand_in(), 0);
}

TEST(ReaperFirstSupervisor, ThatFailsBeforeItIsUpEndsTheReaperWithItsCode) {
  ReaperUnderTest reaper({.stand_in = {"--silent", "--exit", "78"}});
  EXPECT_EQ(reaper.exit_code(), 78);
  EXPECT_THAT(reaper.log("start"), SizeIs(1));
  EXPECT_EQ(reaper.ledger().reaper(), std::nullopt);
}

TEST(ReaperFirstSupervisor, IsStartedAgainWhileAServiceMayRun) {
  ReaperUnderTest reaper({.stand_in = {"--silent", "--exit", "78"}, .prepare_ledger = [](ledger::Ledger& ledger) {
                            ASSERT_TRUE(ledger.store(0, ledger::testing::entry_of("web")));
                            ledger.claim_word(0)->store((std::uint64_t{1} << 32) | 4711);
                          }});
  EXPECT_GT(reaper.stand_in(3), 0);
}

TEST(ReaperFirstSupervisor, KilledFromOutsideIsStartedAgain) {
  ReaperUnderTest reaper({.stand_in = {"--silent"}});
  ::kill(reaper.stand_in(1), SIGKILL);
  EXPECT_GT(reaper.stand_in(2), 0);
}

TEST(ReaperReadiness, TheEndOfFileTellsThatTheFirstSupervisorDied) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd launcher(ends[0]);
  ReaperUnderTest reaper({.ready_fd = UniqueFd(ends[1])});
  const pid_t first = reaper.stand_in(1);
  EXPECT_EQ(reaper.log("start").front().at(4), "open");
  pollfd nothing{launcher.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&nothing, 1, 0), 0);
  ::kill(first, SIGKILL);
  char byte = 0;
  EXPECT_EQ(::read(launcher.get(), &byte, 1), 0);
  ASSERT_GT(reaper.stand_in(2), 0);
  EXPECT_THAT(reaper.log("start").back(), SizeIs(3)) << "a later supervisor is not told of it";
}

TEST(ReaperLock, LivesWhileReaperOrSupervisorLives) {
  std::string path = (std::filesystem::temp_directory_path() / "foster-lock-XXXXXX").string();
  UniqueFd lock(::mkostemp(path.data(), O_CLOEXEC));
  ASSERT_EQ(::flock(lock.get(), LOCK_EX | LOCK_NB), 0);
  const auto is_locked = [&] {
    const UniqueFd mine(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    return ::flock(mine.get(), LOCK_EX | LOCK_NB) != 0;
  };
  {
    ReaperUnderTest reaper({.lock = std::move(lock)});
    const pid_t supervisor = reaper.stand_in();
    EXPECT_EQ(reaper.log("start").front().at(4), "open");
    EXPECT_TRUE(is_locked());
    reaper.signal(SIGKILL);
    EXPECT_EQ(reaper.exit_code(), 128 + SIGKILL);
    EXPECT_TRUE(is_locked()) << "the supervisor holds it";
    ::kill(supervisor, SIGKILL);
    EXPECT_TRUE(eventually([&] { return !is_locked(); }));
  }
  std::filesystem::remove(path);
}

TEST(ReaperSignals, AreToldToTheSupervisorAndNeverActedUpon) {
  ReaperUnderTest reaper({});
  ASSERT_GT(reaper.stand_in(), 0);
  std::size_t count = 0;
  for (const int signal : {SIGTERM, SIGINT, SIGQUIT, SIGUSR2, SIGALRM, SIGPIPE, SIGPWR, SIGWINCH, SIGRTMIN + 3}) {
    reaper.signal(signal);
    ASSERT_TRUE(reaper.eventually_logged("signalled", ++count)) << signal;
    EXPECT_TRUE(has_message(::getpid(), reaper.log("signalled").back(), signal)) << signal;
  }
  EXPECT_EQ(::kill(reaper.pid(), 0), 0);
}

TEST(ReaperHolding, WhatAServiceWroteOutlivesEveryOtherDescriptor) {
  const std::string fifo = (std::filesystem::temp_directory_path() / ("foster-fifo-" + std::to_string(::getpid())));
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  ReaperUnderTest reaper({.stand_in = {"--hold", fifo}});
  ASSERT_TRUE(reaper.eventually_logged("held"));
  ::kill(reaper.stand_in(), SIGKILL);
  // The next one holds again, in place of the first; the bytes of both are there.
  ASSERT_TRUE(reaper.eventually_logged("held", 2));
  const auto content = [&] {
    const UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    std::string text(100, '\0');
    const ssize_t size = ::read(reader.get(), text.data(), text.size());
    return size > 0 ? text.substr(0, static_cast<std::size_t>(size)) : std::string();
  };
  EXPECT_EQ(content(), "last wordslast words");
  const auto held = [&](pid_t pid) {
    int count = 0;
    for (const auto& fd : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
      std::error_code gone;
      if (std::filesystem::read_symlink(fd, gone) == fifo) ++count;
    }
    return count;
  };
  EXPECT_TRUE(eventually([&] { return held(reaper.pid()) == 5; }));
  EXPECT_EQ(held(reaper.stand_in(2)), 5) << "inherited";
  reaper.signal(SIGUSR2);
  EXPECT_TRUE(eventually([&] { return held(reaper.pid()) == 4; })) << "released";
  reaper.signal(SIGURG);
  EXPECT_TRUE(eventually([&] { return held(reaper.pid()) == 3; })) << "released";
  reaper.signal(SIGIO);
  EXPECT_TRUE(eventually([&] { return held(reaper.pid()) == 2; })) << "released";
  std::filesystem::remove(fifo);
}

TEST(ReaperFinish, EndsWithTheSupervisorsCodeAndLeavesNoTraceOfItself) {
  ReaperUnderTest reaper({.stand_in = {"--finish", "5"}});
  ASSERT_GT(reaper.stand_in(), 0);
  reaper.signal(SIGTERM);
  EXPECT_EQ(reaper.exit_code(), 5);
  EXPECT_THAT(reaper.log("start"), SizeIs(1));
  EXPECT_EQ(reaper.ledger().reaper(), std::nullopt);
  EXPECT_EQ(reaper.ledger().supervisor_pid(), std::nullopt);
}

TEST(ReaperFinish, OutsideOfPidOneOthersLiveOn) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  ReaperUnderTest reaper({.stand_in = {"--finish", "0"}, .before_run = [&] {
                            if (::fork() == 0) {
                              const pid_t self = ::getpid();
                              (void)!::write(writer.get(), &self, sizeof self);
                              for (;;) ::pause();
                            }
                          }});
  pid_t other = 0;
  ASSERT_EQ(::read(reader.get(), &other, sizeof other), static_cast<ssize_t>(sizeof other));
  ASSERT_GT(reaper.stand_in(), 0);
  reaper.signal(SIGTERM);
  EXPECT_EQ(reaper.exit_code(), 0);
  EXPECT_EQ(::kill(other, 0), 0);
  ::kill(other, SIGKILL);
}

TEST(ReaperLastResort, ThreeRequestsUnderASupervisorThatNeverAnswersKillEverything) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  ReaperUnderTest reaper({.stand_in = {"--silent", "--exit", "1"},
                          .before_run =
                              [&] {
                                if (::fork() == 0) {
                                  ::signal(SIGTERM, SIG_IGN);
                                  ::setsid();
                                  if (::fork() == 0) (void)!::write(writer.get(), "r", 1);
                                  for (;;) ::pause();
                                }
                              },
                          .prepare_ledger =
                              [](ledger::Ledger& ledger) {
                                ASSERT_TRUE(ledger.store(0, ledger::testing::entry_of("web")));
                                ledger.claim_word(0)->store((std::uint64_t{1} << 32) | 4711);
                              }});
  writer.reset();
  char byte = 0;
  ASSERT_EQ(::read(reader.get(), &byte, 1), 1);
  ASSERT_GT(reaper.stand_in(4), 0) << "now it is in the brakes";
  // One after the other: two pending ones are one for the kernel. Each is answered by a new supervisor, at once.
  std::size_t starts = reaper.log("start").size();
  for (int request = 0; request < 2; ++request) {
    reaper.signal(SIGTERM);
    ASSERT_GT(reaper.stand_in(++starts), 0);
    starts = reaper.log("start").size();
  }
  reaper.signal(SIGTERM);
  EXPECT_EQ(reaper.exit_code(), 128 + SIGTERM);
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0) << "the stubborn child and grandchild are dead";
}

TEST(ReaperLastResort, ASupervisorThatIsUpHasFourChances) {
  ReaperUnderTest reaper({});
  ASSERT_GT(reaper.stand_in(), 0);
  reaper.signal(SIGWINCH);
  ASSERT_TRUE(reaper.eventually_logged("signalled", 1));
  for (std::size_t request = 1; request <= 4; ++request) {
    reaper.signal(SIGTERM);
    ASSERT_TRUE(reaper.eventually_logged("signalled", 1 + request));
  }
  reaper.signal(SIGTERM);
  EXPECT_EQ(reaper.exit_code(), 128 + SIGTERM);
}

TEST(ReaperAsPidOne, ReportsOrphansAndEndsEverybodyAtTheEnd) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  ReaperUnderTest reaper({.stand_in = {"--finish", "6"},
                          .before_run =
                              [&] {
                                start_nursery(20);
                                if (::fork() == 0) {
                                  ::signal(SIGTERM, SIG_IGN);
                                  (void)!::write(writer.get(), "r", 1);
                                  for (;;) ::pause();
                                }
                              },
                          .pid_namespace = ReaperUnderTest::Namespace::own});
  if (!reaper.is_possible()) GTEST_SKIP() << "this kernel gives us no pid namespace";
  writer.reset();
  char byte = 0;
  ASSERT_EQ(::read(reader.get(), &byte, 1), 1);
  ASSERT_TRUE(reaper.eventually_logged("exited", 21));
  EXPECT_EQ(sequences(reaper.log("exited")), one_to(21));
  EXPECT_EQ(children_of(reaper.pid()).alive.size(), 2U);
  reaper.signal(SIGTERM);
  EXPECT_EQ(reaper.exit_code(), 6);
  EXPECT_EQ(::read(reader.get(), &byte, 1), 0);
}

TEST(ReaperAsPidOne, ReplacesItsSupervisor) {
  ReaperUnderTest reaper({.pid_namespace = ReaperUnderTest::Namespace::own});
  if (!reaper.is_possible()) GTEST_SKIP() << "this kernel gives us no pid namespace";
  ASSERT_GT(reaper.stand_in(), 0);
  reaper.signal(SIGHUP);
  EXPECT_GT(reaper.stand_in(2), 0);
}

}  // namespace
}  // namespace foster::reaper
