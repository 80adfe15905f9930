// What a worker is, read from /proc and from the worker itself.
#include <foster/prefork_worker.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <stdexcept>

#include <foster/prefork.hpp>
#include "support/temporary_directory.hpp"
#include "unit/lib/preforking.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using sys::testing::open_fds_of;
using sys::testing::status_of;

class PreforkWorker : public ::testing::Test {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }
  Reports reports;
};

std::uint64_t bit(int signal) {
  return std::uint64_t(1) << (signal - 1);
}
std::uint64_t signals(pid_t pid, const char* field) {
  return std::stoull(status_of(pid)[field], nullptr, 16);
}

/// Serves, having said that it is there.
WorkerFunction serve_and_report(const Reports& reports) {
  return [&reports](Worker& worker) {
    reports.say(worker.task_id(), 0);
    return serve_until_stopped(worker);
  };
}

TEST_F(PreforkWorker, StartsWithNothingOfTheMastersSignalsButWhatIsIgnored) {
  const int pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGUSR1, [](int) {});
    ::signal(SIGTERM, [](int) {});
    ::signal(SIGHUP, SIG_IGN);
    ::signal(SIGBUS, [](int) {});
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR2);
    sigaddset(&some, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &some, nullptr);
    const auto report = prefork(quick_options(1), [](Worker&) {
      const pid_t self = ::getpid();
      if (signals(self, "SigBlk") != 0) return 2;
      if ((signals(self, "SigIgn") & bit(SIGPIPE)) == 0) return 3;
      if ((signals(self, "SigIgn") & bit(SIGHUP)) != 0) return 4;
      if ((signals(self, "SigCgt") & (bit(SIGUSR1) | bit(SIGTERM))) != 0) return 5;
      if ((signals(self, "SigCgt") & bit(SIGBUS)) == 0) return 6;
      return 0;
    });
    if (!report || report->restarts > 0) ::_exit(1);
    // And the master has its mask back.
    ::_exit(signals(::getpid(), "SigBlk") == (bit(SIGUSR2) | bit(SIGTERM)) ? 0 : 7);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(PreforkWorker, HasNothingOpenThatIsTheMastersOrAnotherWorkers) {
  const auto before = open_fds_of(::getpid());
  auto options = quick_options(8);
  options.ready_within = 60s;
  PoolUnderTest pool(options, [&](Worker& worker) {
    worker.ready();
    return serve_until_stopped(worker);
  });
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerReady>().size() == 8; }));
  for (const pid_t pid : pool.pids()) {
    auto own = open_fds_of(pid);
    for (const int fd : before) own.erase(fd);
    EXPECT_EQ(own.size(), 2U) << "one to call the master by, one to be called by";
  }
  pool.stop();
}

TEST_F(PreforkWorker, HasRandomNumbersOfItsOwn) {
  std::srand(1);
  ::srand48(1);
  std::set<long> seeds;
  auto options = quick_options(8);
  options.reseed = [&](const WorkerSeed& seed) { reports.say(*task_id(), static_cast<long>(seed[7])); };
  ASSERT_TRUE(prefork(options, [&](Worker& worker) {
    reports.say(worker.task_id(), std::rand());
    reports.say(worker.task_id(), ::random());
    reports.say(worker.task_id(), ::lrand48());
    return 0;
  }));
  std::set<long> numbers{std::rand(), ::lrand48()};
  for (const Report& report : reports.all()) numbers.insert(report.what);
  // 34 draws of 31 bits: two alike would be one case in four million.
  EXPECT_EQ(numbers.size(), 2U + 4U * 8U);
}

TEST_F(PreforkWorker, KnowsItsTaskAndItsMaster) {
  EXPECT_EQ(task_id(), std::nullopt);
  const auto report = prefork(quick_options(3), [&](Worker& worker) {
    return worker.master() == Pid(::getppid()) && task_id() == worker.task_id() && worker.poll_timeout() == -1 ? 0 : 1;
  });
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->restarts, 0U);
}

TEST_F(PreforkWorker, WritesWhatItHasBufferedOnceAndRunsNobodysExitHandlers) {
  TemporaryDirectory directory;
  const int code = in_forked_process([&] {
    (void)!std::freopen(directory.path("out").c_str(), "w", stdout);
    static std::string mark;
    mark = directory.path("mark");
    std::atexit([] { std::filesystem::create_directory(mark); });
    std::printf("master ");  // in the buffer
    const auto report = prefork(quick_options(1), [](Worker&) {
      std::printf("worker ");
      return 0;
    });
    (void)std::fflush(stdout);
    return report && !std::filesystem::exists(mark) ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(contents_of(directory.path("out")), "master worker ");
}

TEST_F(PreforkWorker, ThatThrowsIsAborted) {
  auto options = quick_options(1);
  options.max_restarts = 0;
  const auto report = prefork(options, [](Worker&) -> int {
    (void)::close(STDERR_FILENO);  // the complaint of std::terminate is expected
    throw std::runtime_error("unheard");
  });
  ASSERT_FALSE(report.has_value());
  EXPECT_THAT(report.error().detail, ::testing::HasSubstr("killed by SIGABRT"));
}

TEST_F(PreforkWorker, ThatAsksIsToldAndFinishesByItself) {
  auto options = quick_options(2);
  options.stop.patience = std::chrono::minutes(10);
  PoolUnderTest pool(options, serve_and_report(reports));
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 2; }));
  // It may not have asked yet; from then on it does.
  ASSERT_TRUE(await([&] {
    return std::ranges::all_of(pool.pids(), [](pid_t pid) { return (signals(pid, "SigCgt") & bit(SIGTERM)) != 0; });
  }));
  pool.stop();
  for (const WorkerEnded& ended : pool.events_of<WorkerEnded>()) {
    EXPECT_EQ(ended.status, ExitStatus(Exited{0}));
    EXPECT_EQ(ended.cause, EndCause::asked);
  }
}

TEST_F(PreforkWorker, ThatAsksIsNotEndedByAnInterruptFromTheTerminal) {
  PoolUnderTest pool(quick_options(1), [&](Worker& worker) {
    (void)worker.should_stop();
    reports.say(0, 0);
    (void)serve_until_stopped(worker);
    return 0;
  });
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 1; }));
  ASSERT_EQ(::kill(pool.pids()[0], SIGINT), 0);
  ASSERT_TRUE(pool.drive_to_end());
  EXPECT_EQ(pool.events_of<WorkerEnded>()[0].status, ExitStatus(Exited{0}));
}

TEST_F(PreforkWorker, ThatNeverAsksIsEndedByTheSignal) {
  auto options = quick_options(1);
  options.stop.patience = std::chrono::minutes(10);
  PoolUnderTest pool(options, [&](Worker&) {
    reports.say(0, 0);
    for (;;) ::pause();
    return 0;
  });
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 1; }));
  pool.stop();
  EXPECT_EQ(pool.events_of<WorkerEnded>()[0].status, ExitStatus(Killed{*Signal::from_number(SIGTERM)}));
}

TEST_F(PreforkWorker, ThatDoesNotFinishIsKilledWhenThePatienceIsOver) {
  auto options = quick_options(1);
  options.stop.patience = 50ms;
  PoolUnderTest pool(options, [&](Worker& worker) {
    (void)worker.should_stop();
    reports.say(0, 0);
    for (;;) ::pause();
    return 0;
  });
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 1; }));
  pool.stop();
  EXPECT_EQ(pool.events_of<WorkerEnded>()[0].status, ExitStatus(Killed{*Signal::from_number(SIGKILL)}));
  const auto sent = pool.events_of<WorkerSignalled>();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[0].signal.number(), SIGTERM);
  EXPECT_EQ(sent[1].signal.number(), SIGKILL);
}

TEST_F(PreforkWorker, ThatHangsIsReplaced) {
  auto options = quick_options(2);
  options.heartbeat = 200ms;
  options.unresponsive.patience = 50ms;
  // The first run of task 1 has no sign of life to give, and no ear for SIGABRT either: it is stopped.
  PoolUnderTest pool(options, [&](Worker& worker) {
    if (worker.task_id() == 1 && reports.all().empty()) {
      reports.say(1, 0);
      ::raise(SIGSTOP);
    }
    return serve_until_stopped(worker);
  });
  const auto end_of_hung = [&]() -> std::optional<WorkerEnded> {
    for (const WorkerEnded& ended : pool.events_of<WorkerEnded>()) {
      if (ended.task == 1 && ended.cause == EndCause::hung) return ended;
    }
    return std::nullopt;
  };
  ASSERT_TRUE(pool.drive_until([&] { return end_of_hung().has_value(); }));
  EXPECT_EQ(end_of_hung()->status, ExitStatus(Killed{*Signal::from_number(SIGKILL)}));
  EXPECT_EQ(end_of_hung()->next, AfterEnd::restart);
  ASSERT_TRUE(pool.drive_until([&] { return pool->workers().size() == 2; }));
  pool.stop();
}

TEST_F(PreforkWorker, ThatBeatsIsLeftInPeace) {
  auto options = quick_options(1);
  options.heartbeat = std::chrono::minutes(30);
  PoolUnderTest pool(options, [&](Worker& worker) {
    reports.say(0, worker.poll_timeout());
    return serve_until_stopped(worker);
  });
  ASSERT_TRUE(pool.drive_until([&] { return !reports.all().empty(); }));
  EXPECT_EQ(reports.all()[0].what, 600'000) << "a third of it";
  pool.stop();
}

TEST_F(PreforkWorker, ThatIsNotReadyInTimeIsReplaced) {
  auto options = quick_options(1);
  options.ready_within = 100ms;
  options.unresponsive = {.signal = *Signal::from_number(SIGKILL), .patience = 0ms};
  options.max_restarts = 2;
  const auto report = prefork(options, [&](Worker&) {
    for (;;) ::pause();
    return 0;
  });
  ASSERT_FALSE(report.has_value());
  EXPECT_THAT(report.error().detail, ::testing::HasSubstr("killed by SIGKILL (not ready in time), giving up"));
}

TEST_F(PreforkWorker, BecomesWhoItIsToBeAndStaysTied) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  Pipe alive = make_pipe();
  const pid_t master = ::fork();
  if (master == 0) {
    alive.reader.reset();
    auto options = quick_options(2);
    options.identity = UserAndGroup{"61234", "61235"};
    (void)prefork(options, [&](Worker& worker) {
      int tie = 0;
      (void)::prctl(PR_GET_PDEATHSIG, &tie);
      const bool good = ::getuid() == 61234 && ::getegid() == 61235 && ::setuid(0) != 0 && tie == SIGKILL;
      reports.say(worker.task_id(), good ? 1 : 0);
      for (;;) ::pause();
      return 0;
    });
    ::_exit(1);
  }
  alive.writer.reset();
  ASSERT_TRUE(await([&] { return reports.all().size() == 2; }));
  for (const Report& report : reports.all()) EXPECT_EQ(report.what, 1);
  ASSERT_EQ(::kill(master, SIGKILL), 0);
  ASSERT_EQ(::waitpid(master, nullptr, 0), master);
  EXPECT_TRUE(all_writers_are_gone(alive.reader));
}

TEST_F(PreforkWorker, IsRefusedAnIdentityThatCannotBeHad) {
  auto options = quick_options(1);
  options.identity = UserAndGroup{"no-such-user", ""};
  auto report = prefork(options, [](Worker&) { return 0; });
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(to_string(report.error()), "user no-such-user: no such user");
  if (::geteuid() == 0) return;
  options.identity = UserAndGroup{"0", "0"};
  report = prefork(options, [](Worker&) { return 0; });
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, EPERM);
}

TEST_F(PreforkWorker, CanTieItselfAgainAfterItHasChangedItsUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  const auto report = prefork(quick_options(1), [](Worker& worker) {
    int tie = -1;
    if (::setresuid(61234, 61234, 61234) != 0) return 2;
    (void)::prctl(PR_GET_PDEATHSIG, &tie);
    if (tie != 0) return 3;  // the kernel's doing
    if (!worker.tie_to_master()) return 4;
    (void)::prctl(PR_GET_PDEATHSIG, &tie);
    return tie == SIGKILL ? 0 : 5;
  });
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->restarts, 0U);
}

TEST_F(PreforkWorker, IsNotConfusedByAMasterWithoutStandardStreams) {
  const int code = in_forked_process([&] {
    for (const int stream : {0, 1, 2}) ::close(stream);
    auto options = quick_options(2);
    options.listen = {"127.0.0.1:0"};
    const auto report = prefork(options, [](Worker& worker) {
      std::printf("to nobody");
      if (worker.listener().get() <= STDERR_FILENO) return 2;
      return std::filesystem::read_symlink("/proc/self/fd/1") == "/dev/null" ? 0 : 3;
    });
    return report && report->restarts == 0 ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace foster
