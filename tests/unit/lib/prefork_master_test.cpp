// The master: what signals make it do, and that nobody outlives it.
#include <foster/prefork.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <set>

#include "unit/lib/preforking.hpp"

namespace foster {
namespace {

using namespace foster::testing;

class PreforkMaster : public ::testing::Test {
 protected:
  void SetUp() override { FOSTER_SKIP_WITH_ITS_OWN_THREAD(); }

  /// Workers that have asked whether they should stop, so that a signal finds them prepared.
  WorkerFunction prepared() {
    return [this](Worker& worker) {
      (void)worker.should_stop();
      reports.say(worker.task_id(), 0);
      worker.ready();
      return serve_until_stopped(worker);
    };
  }
  static void send(int signal) { ASSERT_EQ(::kill(::getpid(), signal), 0); }

  Reports reports;
};

TEST_F(PreforkMaster, TermStopsThePoolGracefully) {
  PoolUnderTest pool(quick_options(2), prepared());
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 2; }));
  send(SIGTERM);
  ASSERT_TRUE(pool.drive_to_end());
  EXPECT_EQ(pool->result(), (PreforkReport{.end = PreforkReport::End::stopped, .restarts = 0}));
  for (const WorkerEnded& ended : pool.events_of<WorkerEnded>()) EXPECT_EQ(ended.status, ExitStatus(Exited{0}));
}

TEST_F(PreforkMaster, ASecondInterruptKills) {
  auto options = quick_options(1);
  options.stop.patience = std::chrono::minutes(10);
  PoolUnderTest pool(options, [&](Worker& worker) {
    (void)worker.should_stop();
    reports.say(0, 0);
    for (;;) ::pause();
    return 0;
  });
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 1; }));
  send(SIGINT);
  ASSERT_TRUE(pool.drive_until([&] { return !pool.events_of<WorkerSignalled>().empty(); }));
  send(SIGINT);
  ASSERT_TRUE(pool.drive_to_end());
  EXPECT_EQ(pool.events_of<WorkerEnded>()[0].status, ExitStatus(Killed{*Signal::from_number(SIGKILL)}));
}

TEST_F(PreforkMaster, TtinAndTtouScaleByOneAndNeverToNothing) {
  PoolUnderTest pool(quick_options(1), prepared());
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 1; }));
  send(SIGTTIN);
  ASSERT_TRUE(pool.drive_until([&] { return reports.of(1).size() == 1; }));
  send(SIGTTIN);
  ASSERT_TRUE(pool.drive_until([&] { return reports.of(2).size() == 1; }));
  EXPECT_EQ(pool->size(), 3U);
  for (const unsigned left : {2U, 1U}) {
    send(SIGTTOU);
    ASSERT_TRUE(pool.drive_until([&] { return pool->workers().size() == left; }));
    EXPECT_EQ(pool->workers().back().task, left - 1) << "the highest goes";
  }
  send(SIGTTOU);
  send(SIGHUP);  // seen in the same look
  ASSERT_TRUE(pool.drive_until([&] { return !pool.events_of<RestartDone>().empty(); }));
  EXPECT_EQ(pool->size(), 1U);
  pool.stop();
}

TEST_F(PreforkMaster, ScalingByCallTellsWhatItDoes) {
  PoolUnderTest pool(quick_options(2), prepared());
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 2; }));
  ASSERT_TRUE(pool->scale(4));
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 4; }));
  ASSERT_TRUE(pool->scale(1));
  ASSERT_TRUE(pool.drive_until([&] { return pool->workers().size() == 1; }));
  const auto scaled = pool.events_of<PoolScaled>();
  ASSERT_EQ(scaled.size(), 2U);
  EXPECT_EQ(to_string(PreforkEvent(scaled[0])), "from 2 to 4 workers");
  EXPECT_EQ(to_string(PreforkEvent(scaled[1])), "from 4 to 1 workers");
  pool.stop();
}

TEST_F(PreforkMaster, HupReplacesEveryWorkerTheNewOneFirst) {
  auto options = quick_options(3);
  options.ready_within = 60s;
  PoolUnderTest pool(options, prepared());
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerReady>().size() == 3; }));
  const auto before = pool.pids();
  send(SIGHUP);
  ASSERT_TRUE(pool.drive_until([&] { return !pool.events_of<RestartDone>().empty() && pool->workers().size() == 3; }));
  const auto after = pool.pids();
  for (const pid_t pid : before) {
    EXPECT_TRUE(is_gone(pid));
    EXPECT_EQ(std::ranges::count(after, pid), 0);
  }
  for (const WorkerInfo& worker : pool->workers()) EXPECT_EQ(worker.state, WorkerInfo::State::ready);
  // In the story each task's new worker is ready before its old one is signalled.
  std::set<unsigned> replaced;
  std::size_t ready = 0;
  for (const PreforkEvent& event : pool.events) {
    if (const auto* one = std::get_if<WorkerReady>(&event); one != nullptr && ++ready > 3) replaced.insert(one->task);
    if (const auto* one = std::get_if<WorkerSignalled>(&event)) {
      EXPECT_TRUE(replaced.contains(one->task)) << pool.story();
    }
  }
  pool.stop();
}

TEST_F(PreforkMaster, AReplacementThatFailsLeavesTheOldWorkersInPlace) {
  auto options = quick_options(2);
  options.ready_within = 60s;
  bool is_broken = false;
  PoolUnderTest pool(options, [&](Worker& worker) {
    if (is_broken) return 1;
    worker.ready();
    return serve_until_stopped(worker);
  });
  ASSERT_TRUE(pool.drive_until([&] { return pool.events_of<WorkerReady>().size() == 2; }));
  const auto before = pool.pids();
  is_broken = true;  // a new version of what workers see, that is no good
  pool->restart();
  ASSERT_TRUE(pool.drive_until([&] { return !pool.events_of<RestartAbandoned>().empty(); }));
  EXPECT_EQ(pool.pids(), before);
  is_broken = false;
  pool->restart();
  ASSERT_TRUE(pool.drive_until([&] { return !pool.events_of<RestartDone>().empty(); }));
  pool.stop();
}

TEST_F(PreforkMaster, WhatTheCallbackChangesOnARestartTheNewWorkersSee) {
  int version = 1;
  auto options = quick_options(1);
  options.on_event = [&](const PreforkEvent& event) {
    if (std::holds_alternative<RestartBegun>(event)) ++version;
  };
  auto pool = Prefork::start(options, [&](Worker& worker) {
    reports.say(worker.task_id(), version);
    return serve_until_stopped(worker);
  });
  ASSERT_TRUE(pool.has_value());
  ASSERT_TRUE(await([&] { return reports.all().size() == 1; }));
  pool->restart();
  ASSERT_TRUE(await([&] { return reports.all().size() == 2; }));
  EXPECT_EQ(reports.all()[0].what + reports.all()[1].what, 3);
  pool->kill();
  EXPECT_TRUE(pool->wait());
}

TEST_F(PreforkMaster, ACallbackMayStopThePool) {
  auto options = quick_options(4);
  std::optional<Prefork> pool;
  options.on_event = [&](const PreforkEvent& event) {
    if (std::holds_alternative<WorkerEnded>(event) && pool) pool->stop();
  };
  auto started = Prefork::start(options, prepared());
  ASSERT_TRUE(started.has_value());
  pool.emplace(std::move(*started));
  ASSERT_TRUE(await([&] { return reports.all().size() == 4; }));
  ASSERT_EQ(::kill(pool->workers()[2].pid.number(), SIGKILL), 0);
  EXPECT_EQ(pool->wait(), (PreforkReport{.end = PreforkReport::End::stopped, .restarts = 1}));
}

TEST_F(PreforkMaster, SignalsAreLeftAloneWhereTheCallerWantsThem) {
  auto options = quick_options(1);
  options.signals = MasterSignals::none;
  static volatile sig_atomic_t seen = 0;
  const auto found = ::signal(SIGHUP, [](int) { seen = 1; });
  PoolUnderTest pool(options, prepared());
  ASSERT_TRUE(pool.drive_until([&] { return reports.all().size() == 1; }));
  send(SIGHUP);
  EXPECT_EQ(seen, 1);
  ::signal(SIGHUP, found);
  pool.stop();
  EXPECT_TRUE(pool.events_of<RestartBegun>().empty());
}

TEST_F(PreforkMaster, ASignalThatComesTooLateForThePoolIsForgottenWithIt) {
  const int code = in_forked_process([&] {
    {
      PoolUnderTest pool(quick_options(1), [](Worker&) { return 0; });
      if (!pool.drive_to_end()) return 1;
      ::kill(::getpid(), SIGTTIN);
      ::kill(::getpid(), SIGHUP);
    }
    return 0;  // neither stopped nor ended by them
  });
  EXPECT_EQ(code, 0);
}

TEST_F(PreforkMaster, KilledItTakesEveryWorkerWithIt) {
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 1);
  Pipe alive = make_pipe();
  const pid_t master = ::fork();
  if (master == 0) {
    alive.reader.reset();
    (void)prefork(quick_options(8), [&](Worker& worker) {
      reports.say(worker.task_id(), 0);
      (void)worker.should_stop();
      for (;;) ::pause();  // deaf to everything
      return 0;
    });
    ::_exit(1);
  }
  alive.writer.reset();
  ASSERT_TRUE(await([&] { return reports.all().size() == 8; }));
  ASSERT_EQ(::kill(master, SIGKILL), 0);
  EXPECT_TRUE(all_writers_are_gone(alive.reader));
  int ended = 0;
  while (::waitpid(-1, nullptr, 0) > 0) ++ended;
  EXPECT_EQ(ended, 9);
  (void)::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(PreforkMaster, KilledInTheMiddleOfManyStartsItLeavesNobodyBehind) {
  for (unsigned round = 0; round < kManyForks / 100 + 3; ++round) {
    Pipe alive = make_pipe();
    const pid_t master = ::fork();
    if (master == 0) {
      alive.reader.reset();
      auto options = quick_options(4);
      options.max_restarts.reset();
      (void)prefork(options, [&](Worker& worker) {
        if (worker.task_id() == 0) reports.say(0, round);
        return 1;  // and again, and again
      });
      ::_exit(1);
    }
    alive.writer.reset();
    const auto before = reports.all().size();
    ASSERT_TRUE(await([&] { return reports.all().size() > before + 5; }));
    ASSERT_EQ(::kill(master, SIGKILL), 0);
    ASSERT_EQ(::waitpid(master, nullptr, 0), master);
    ASSERT_TRUE(all_writers_are_gone(alive.reader));
    (void)reports.all();
  }
}

}  // namespace
}  // namespace foster
