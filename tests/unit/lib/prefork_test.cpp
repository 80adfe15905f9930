// The meaning of a pool: who is started, who is started again, and how it ends. The facts are the kernel's.
#include <foster/prefork.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include <foster/available_cpus.hpp>
#include "support/temporary_directory.hpp"
#include "unit/lib/preforking.hpp"

namespace foster {
namespace {

using namespace foster::testing;
using sys::testing::has_no_children;
using sys::testing::status_of;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class PreforkTest : public ::testing::Test {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }
  void TearDown() override { EXPECT_TRUE(IsSkipped() || has_no_children()); }
  Reports reports;
};

TEST_F(PreforkTest, ReturnsWhenEveryTaskIsDone) {
  const auto report = prefork(quick_options(3), [&](Worker& worker) {
    reports.say(worker.task_id(), ::getppid());
    return 0;
  });
  ASSERT_TRUE(report.has_value()) << to_string(report.error());
  EXPECT_EQ(*report, (PreforkReport{.end = PreforkReport::End::finished, .restarts = 0}));
  std::set<pid_t> pids;
  std::vector<unsigned> tasks;
  for (const Report& said : reports.all()) {
    pids.insert(said.pid);
    tasks.push_back(said.task);
    EXPECT_EQ(said.what, ::getpid()) << "the master is the parent";
  }
  EXPECT_THAT(tasks, UnorderedElementsAre(0U, 1U, 2U));
  EXPECT_EQ(pids.size(), 3U);
  EXPECT_FALSE(pids.contains(::getpid()));
}

TEST_F(PreforkTest, WithoutANumberThereIsAWorkerForEachAvailableProcessor) {
  auto options = quick_options(1);
  options.workers.reset();
  ASSERT_TRUE(prefork(options, [&](Worker& worker) {
    reports.say(worker.task_id(), 0);
    return 0;
  }));
  EXPECT_EQ(reports.all().size(), available_cpus());
}

TEST_F(PreforkTest, AKilledWorkerComesBackUnderItsTaskId) {
  PoolUnderTest pool(quick_options(3), serve_until_stopped);
  ASSERT_TRUE(pool);
  const auto before = pool->workers();
  ASSERT_EQ(::kill(before[1].pid.number(), SIGKILL), 0);
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerStarted>().size() == 4; }));
  const auto after = pool->workers();
  EXPECT_EQ(after[0], before[0]);
  EXPECT_EQ(after[2], before[2]);
  EXPECT_EQ(after[1].task, 1U);
  EXPECT_NE(after[1].pid, before[1].pid);
  EXPECT_TRUE(is_gone(before[1].pid.number()));
  const auto ended = pool.events_of<WorkerEnded>();
  ASSERT_EQ(ended.size(), 1U);
  EXPECT_EQ(ended[0].task, 1U);
  EXPECT_EQ(ended[0].pid, before[1].pid);
  EXPECT_EQ(ended[0].status, ExitStatus(Killed{*Signal::from_number(SIGKILL)}));
  EXPECT_EQ(ended[0].cause, EndCause::itself);
  EXPECT_EQ(ended[0].next, AfterEnd::restart);
  pool.stop();
  EXPECT_EQ(pool->result(), (PreforkReport{.end = PreforkReport::End::stopped, .restarts = 1}));
}

TEST_F(PreforkTest, TooManyRestartsAreAnErrorAndNobodyIsLeft) {
  auto options = quick_options(2);
  options.max_restarts = 5;
  const auto report = prefork(options, [&](Worker& worker) {
    reports.say(worker.task_id(), 0);
    return worker.task_id() == 0 ? 3 : serve_until_stopped(worker);
  });
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().step, "prefork");
  EXPECT_EQ(report.error().code, 0);
  EXPECT_THAT(report.error().detail, HasSubstr("too many restarts, the last was worker 0 (pid "));
  EXPECT_THAT(report.error().detail, HasSubstr("exited with code 3"));
  EXPECT_EQ(reports.of(0).size(), 6U) << "the first run, and five restarts";
}

TEST_F(PreforkTest, ThousandsOfEndsLeaveNoZombie) {
  constexpr unsigned kEnds = kManyForks;
  auto options = quick_options(4);
  options.max_restarts = kEnds;
  PoolUnderTest pool(options, [](Worker&) { return 1; });
  std::size_t most = 0;
  ASSERT_TRUE(pool.drive_until([&] {
    most = std::max(most, sys::children_of(Pid(::getpid())).size());
    return pool->is_done();
  }));
  EXPECT_FALSE(pool->result().has_value());
  EXPECT_LE(most, 4U) << "zombies included";
  EXPECT_GT(pool.events_of<WorkerEnded>().size(), kEnds);
  EXPECT_EQ(pool.events_of<WorkerEnded>().size(), pool.events_of<WorkerStarted>().size());
  EXPECT_TRUE(has_no_children());
}

TEST_F(PreforkTest, WorkersThatAllEndAtOnceAreAllSeen) {
  constexpr unsigned kWorkers = kManyForks / 20;
  PoolUnderTest pool(quick_options(kWorkers), serve_until_stopped);
  ASSERT_TRUE(pool);
  for (const pid_t pid : pool.pids()) ASSERT_EQ(::kill(pid, SIGKILL), 0);
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerStarted>().size() == 2 * kWorkers; }));
  std::set<unsigned> tasks;
  for (const WorkerEnded& ended : pool.events_of<WorkerEnded>()) tasks.insert(ended.task);
  EXPECT_EQ(tasks.size(), kWorkers);
  pool.stop();
}

TEST_F(PreforkTest, OtherChildrenAreLeftAlone) {
  const pid_t other = ::fork();
  if (other == 0) ::_exit(42);
  ASSERT_TRUE(prefork(quick_options(2), [](Worker&) { return 0; }));
  int status = 0;
  EXPECT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST_F(PreforkTest, WhereSigchldIsIgnoredStatusesAreSeenAllTheSame) {
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  struct sigaction found{};
  ASSERT_EQ(::sigaction(SIGCHLD, &ignored, &found), 0);
  {
    auto options = quick_options(1);
    options.max_restarts = 0;
    const auto report = prefork(options, [](Worker&) { return 3; });
    ASSERT_FALSE(report.has_value());
    EXPECT_THAT(report.error().detail, HasSubstr("exited with code 3"));
  }
  struct sigaction after{};
  ASSERT_EQ(::sigaction(SIGCHLD, &found, &after), 0);
  EXPECT_EQ(after.sa_handler, SIG_IGN) << "as it was";
}

TEST_F(PreforkTest, AnExitThatSomebodyElseTookIsUnknownAndAFailure) {
  PoolUnderTest pool(quick_options(1), serve_until_stopped);
  ASSERT_TRUE(pool);
  const pid_t pid = pool.pids().front();
  ASSERT_EQ(::kill(pid, SIGKILL), 0);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerStarted>().size() == 2; }));
  EXPECT_EQ(pool.events_of<WorkerEnded>()[0].status, ExitStatus(ExitUnknown{}));
  pool.stop();
}

TEST_F(PreforkTest, SignalsThatInterruptTheMasterChangeNothing) {
  const auto found = ::signal(SIGALRM, SIG_DFL);
  struct sigaction action{};
  action.sa_handler = [](int) {};  // and no SA_RESTART
  ASSERT_EQ(::sigaction(SIGALRM, &action, nullptr), 0);
  const itimerval often{.it_interval = {0, 500}, .it_value = {0, 500}};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &often, nullptr), 0);
  auto options = quick_options(4);
  options.max_restarts = kManyForks / 20;
  const auto report = prefork(options, [](Worker&) { return 1; });
  const itimerval never{};
  ASSERT_EQ(::setitimer(ITIMER_REAL, &never, nullptr), 0);
  ::signal(SIGALRM, found);
  ASSERT_FALSE(report.has_value());
  EXPECT_THAT(report.error().detail, HasSubstr("too many restarts"));
}

TEST_F(PreforkTest, AProcessWithASecondThreadIsRefused) {
  std::atomic<bool> is_over = false;
  std::thread other([&] { is_over.wait(false); });
  const auto report = prefork(quick_options(1), [](Worker&) { return 0; });
  is_over = true;
  is_over.notify_all();
  other.join();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(to_string(report.error()), "prefork 2 threads are running, and a fork copies one: Device or resource busy");
}

TEST_F(PreforkTest, ARestartWaitsUntilASecondThreadHasEnded) {
  PoolUnderTest pool(quick_options(1), serve_until_stopped);
  ASSERT_TRUE(pool);
  std::atomic<bool> is_over = false;
  std::thread other([&] { is_over.wait(false); });
  ASSERT_EQ(::kill(pool.pids().front(), SIGKILL), 0);
  const bool refused = pool.drive_until([&] { return !pool.events_of<WorkerNotStarted>().empty(); });
  is_over = true;
  is_over.notify_all();
  other.join();
  ASSERT_TRUE(refused);
  EXPECT_EQ(pool.events_of<WorkerNotStarted>()[0].error.code, EBUSY);
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerStarted>().size() == 2; }));
  pool.stop();
}

TEST_F(PreforkTest, AnEventLoopThatIsThereAlreadyIsRefusedUnlessAllowed) {
  const UniqueFd loop(::epoll_create1(EPOLL_CLOEXEC));
  auto options = quick_options(1);
  const auto report = prefork(options, [](Worker&) { return 0; });
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, EBUSY);
  EXPECT_THAT(report.error().detail, HasSubstr("descriptor " + std::to_string(loop.get())));
  options.event_loops = EventLoops::allowed;
  EXPECT_TRUE(prefork(options, [](Worker&) { return 0; }));
}

TEST_F(PreforkTest, UnusableOptionsAreRefusedBeforeAnythingHappens) {
  const auto refused = [](const std::function<void(PreforkOptions&)>& spoil) {
    PreforkOptions options = quick_options(1);
    spoil(options);
    const auto report = prefork(options, [](Worker&) { return 0; });
    return !report && report.error().code == EINVAL;
  };
  EXPECT_TRUE(refused([](auto& options) { options.workers = 0; }));
  EXPECT_TRUE(refused([](auto& options) { options.workers = 10'001; }));
  EXPECT_TRUE(refused([](auto& options) { options.heartbeat = 0ms; }));
  EXPECT_TRUE(refused([](auto& options) { options.ready_within = -1ms; }));
  EXPECT_TRUE(refused([](auto& options) { options.restart_window = 0ms; }));
  EXPECT_TRUE(refused([](auto& options) { options.brake.max = -1ms; }));
  EXPECT_TRUE(refused([](auto& options) { options.give_up_code = 0; }));
  EXPECT_TRUE(refused([](auto& options) { options.give_up_code = kReplaceMe; }));
  EXPECT_TRUE(refused([](auto& options) { options.listen = {"nowhere"}; }));
  PoolUnderTest pool(quick_options(1), serve_until_stopped);
  EXPECT_EQ(pool->scale(0).error().code, EINVAL);
  EXPECT_EQ(pool->scale(10'001).error().code, EINVAL);
  pool.stop();
}

TEST_F(PreforkTest, AWorkerMayHaveWorkersOfItsOwn) {
  const auto report = prefork(quick_options(2), [&](Worker& outer) {
    const auto inner = prefork(quick_options(3), [&](Worker& worker) {
      reports.say(outer.task_id(), worker.task_id());
      return task_id() == worker.task_id() && worker.master().number() == ::getppid() ? 0 : 1;
    });
    return inner && task_id() == outer.task_id() ? 0 : 1;
  });
  ASSERT_TRUE(report.has_value()) << to_string(report.error());
  EXPECT_EQ(report->restarts, 0U);
  EXPECT_EQ(reports.all().size(), 6U);
  EXPECT_EQ(task_id(), std::nullopt) << "the master is no worker";
}

TEST_F(PreforkTest, DestroyingAPoolEndsItsWorkers) {
  PoolUnderTest pool(quick_options(3), serve_until_stopped);
  ASSERT_TRUE(pool);
  const auto pids = pool.pids();
  pool.destroy();
  for (const pid_t pid : pids) EXPECT_TRUE(is_gone(pid));
}

TEST_F(PreforkTest, AtRestThereIsNothingToHandle) {
  PoolUnderTest pool(quick_options(2), serve_until_stopped);
  ASSERT_TRUE(pool);
  pollfd watched{pool->fd().get(), POLLIN, 0};
  EXPECT_EQ(::poll(&watched, 1, 0), 0);
  const auto timer_is_armed = [] {
    for (const int fd : sys::testing::open_fds_of(::getpid())) {
      const std::string facts = contents_of("/proc/self/fdinfo/" + std::to_string(fd));
      if (facts.find("clockid:") != std::string::npos && facts.find("it_value: (0, 0)") == std::string::npos)
        return true;
    }
    return false;
  };
  EXPECT_FALSE(timer_is_armed()) << "no wake-ups";
  pool->stop();
  EXPECT_TRUE(timer_is_armed()) << "the patience of the stop";
  ASSERT_TRUE(pool.drive_to_end());
}

TEST_F(PreforkTest, AForkThatFailsAtTheStartIsAnErrorAndNobodyIsLeft) {
  const int outcome = in_forked_process([] {
    if (::geteuid() == 0 && ::setresuid(61234, 61234, 61234) != 0) return 10;
    const rlimit none{1, 1};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) return 11;
    const auto report = prefork(quick_options(3), [](Worker&) { return 0; });
    if (report || report.error().step != "fork" || report.error().code != EAGAIN) return 12;
    return has_no_children() ? 0 : 13;
  });
  EXPECT_EQ(outcome, 0);
}

TEST_F(PreforkTest, ARestartWaitsUntilTheMachineHasAProcessAgain) {
  const int outcome = in_forked_process([] {
    if (::geteuid() == 0 && ::setresuid(61234, 61234, 61234) != 0) return 10;
    PoolUnderTest pool(quick_options(2), serve_until_stopped);
    if (!pool) return 11;
    rlimit found{};
    (void)::getrlimit(RLIMIT_NPROC, &found);
    const rlimit none{1, found.rlim_max};
    if (::setrlimit(RLIMIT_NPROC, &none) != 0) return 12;
    (void)::kill(pool.pids().front(), SIGKILL);
    if (!pool.drive_until([&] { return pool.events_of<WorkerNotStarted>().size() >= 3; })) return 13;
    if (pool.events_of<WorkerNotStarted>()[0].error.code != EAGAIN) return 14;
    (void)::setrlimit(RLIMIT_NPROC, &found);
    if (!pool.drive_until([&] { return pool.events_of<WorkerStarted>().size() == 3; })) return 15;
    pool.stop();
    return pool->result() ? 0 : 16;
  });
  EXPECT_EQ(outcome, 0);
}

TEST_F(PreforkTest, ARestartWaitsUntilThereIsADescriptorAgain) {
  PoolUnderTest pool(quick_options(1), serve_until_stopped);
  ASSERT_TRUE(pool);
  rlimit found{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &found), 0);
  // One is enough to see that the process is alone, and given back by the worker that ended; a second is not to be had.
  const UniqueFd highest(::fcntl(0, F_DUPFD_CLOEXEC, 0));
  const rlimit few{static_cast<rlim_t>(highest.get()), found.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  ASSERT_EQ(::kill(pool.pids().front(), SIGKILL), 0);
  const bool refused = pool.drive_until([&] { return pool.events_of<WorkerNotStarted>().size() >= 2; });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &found), 0);
  ASSERT_TRUE(refused);
  EXPECT_EQ(pool.events_of<WorkerNotStarted>()[0].error.code, EMFILE);
  EXPECT_TRUE(has_no_children()) << "a worker that cannot be watched is not left running";
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerStarted>().size() == 2; }));
  pool.stop();
}

}  // namespace
}  // namespace foster
