#include "supervisor/supervisord/process_events.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace foster::supervisor::supervisord {
namespace {

using core::CauseKind;
using enum core::State;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// One process, and what is told of it without its names.
class ProcessEvents : public ::testing::Test {
 protected:
  std::vector<std::string> step(core::State to, ProcessStep how = {}) {
    how.from = state_;
    how.to = to;
    state_ = to;
    std::vector<std::string> texts;
    for (const compat::Event& event : events_of({.group = "g", .process = "p"}, how, told)) {
      constexpr std::string_view kNames = "processname:p groupname:g ";
      EXPECT_TRUE(event.payload.starts_with(kNames));
      constexpr std::string_view kKind = "PROCESS_STATE_";
      texts.push_back(std::string(name_of(event.type).substr(kKind.size())) + " " +
                      event.payload.substr(kNames.size()));
    }
    return texts;
  }
  std::vector<std::string> ended(bool is_expected) {
    return step(stopping, {.cause = CauseKind::ended, .has_ended = true, .is_expected = is_expected});
  }
  void run() {
    (void)step(starting);
    (void)step(running, {.pid = 7});
  }

  ToldProcess told;

 private:
  core::State state_ = stopped;
};

TEST_F(ProcessEvents, ALifeThatIsStopped) {
  EXPECT_THAT(step(starting), ElementsAre("STARTING from_state:STOPPED tries:0"));
  EXPECT_THAT(step(running, {.pid = 7}), ElementsAre("RUNNING from_state:STARTING pid:7"));
  EXPECT_THAT(step(stopping, {.cause = CauseKind::requested, .pid = 7}),
              ElementsAre("STOPPING from_state:RUNNING pid:7"));
  EXPECT_THAT(step(stopping, {.cause = CauseKind::stop_timed_out}), IsEmpty());
  EXPECT_THAT(step(stopped), ElementsAre("STOPPED from_state:STOPPING pid:7"));
}

TEST_F(ProcessEvents, AnEndIsToldOnce) {
  run();
  EXPECT_THAT(ended(true), ElementsAre("EXITED from_state:RUNNING expected:1 pid:7"));
  EXPECT_THAT(step(exited), IsEmpty());
  EXPECT_THAT(step(starting), ElementsAre("STARTING from_state:EXITED tries:0"));
}

TEST_F(ProcessEvents, ARestartAfterAnUnexpectedEndBeginsFromExited) {
  run();
  EXPECT_THAT(ended(false), ElementsAre("EXITED from_state:RUNNING expected:0 pid:7"));
  EXPECT_THAT(step(starting), ElementsAre("STARTING from_state:EXITED tries:0"));
}

TEST_F(ProcessEvents, StartsThatFailAreCounted) {
  (void)step(starting);
  EXPECT_THAT(ended(false), IsEmpty());
  EXPECT_THAT(step(backoff), ElementsAre("BACKOFF from_state:STARTING tries:1"));
  EXPECT_THAT(step(starting), ElementsAre("STARTING from_state:BACKOFF tries:1"));
  (void)ended(false);
  EXPECT_THAT(step(failed, {.cause = CauseKind::limit_reached}),
              ElementsAre("BACKOFF from_state:STARTING tries:2", "FATAL from_state:BACKOFF"));
  EXPECT_THAT(step(starting), ElementsAre("STARTING from_state:FATAL tries:0"));
}

TEST_F(ProcessEvents, ASpawnThatFailsIsAFailedStart) {
  (void)step(starting);
  EXPECT_THAT(step(backoff, {.cause = CauseKind::spawn_failed}), ElementsAre("BACKOFF from_state:STARTING tries:1"));
  EXPECT_THAT(step(stopped, {.cause = CauseKind::requested}), ElementsAre("STOPPED from_state:BACKOFF pid:0"));
  EXPECT_THAT(step(starting), ElementsAre("STARTING from_state:STOPPED tries:0"));
}

TEST_F(ProcessEvents, AReadyRunEndsTheRowOfFailures) {
  (void)step(starting);
  (void)step(backoff);
  run();
  (void)ended(false);
  (void)step(starting);
  EXPECT_THAT(step(backoff), ElementsAre("BACKOFF from_state:STARTING tries:1"));
}

TEST_F(ProcessEvents, TheEndOfTheDaemonGivesUpWhatItWouldTryAgain) {
  (void)step(starting);
  (void)step(backoff);
  EXPECT_THAT(step(stopped, {.cause = CauseKind::shutdown}), ElementsAre("FATAL from_state:BACKOFF"));
}

TEST_F(ProcessEvents, AnOrderedRestartIsAStopAndAStart) {
  run();
  (void)step(stopping, {.cause = CauseKind::requested, .pid = 7});
  EXPECT_THAT(step(starting), ElementsAre("STOPPED from_state:STOPPING pid:7", "STARTING from_state:STOPPED tries:0"));
}

TEST_F(ProcessEvents, WaitingForOthersIsNotTold) {
  EXPECT_THAT(step(waiting), IsEmpty());
  EXPECT_THAT(step(starting), ElementsAre("STARTING from_state:STOPPED tries:0"));
  (void)step(running, {.pid = 7});
  (void)step(stopping, {.cause = CauseKind::dependency});
  EXPECT_THAT(step(waiting), ElementsAre("STOPPED from_state:STOPPING pid:7"));
}

TEST_F(ProcessEvents, AStopBetweenAnEndAndWhatFollowsIsNotToldAsOne) {
  run();
  (void)ended(false);
  EXPECT_THAT(step(stopped, {.cause = CauseKind::requested}), IsEmpty());
  EXPECT_EQ(told.state, compat::ProcessState::stopped);
}

TEST_F(ProcessEvents, ASpawnThatWasLostWithTheSupervisorIsToldOnce) {
  (void)step(starting);
  EXPECT_THAT(step(starting, {.cause = CauseKind::recovered}), IsEmpty());
}

TEST_F(ProcessEvents, AnotherSpawnAtOnceFollowsAFailedOne) {
  (void)step(starting);
  EXPECT_THAT(step(starting, {.cause = CauseKind::restart_due}),
              ElementsAre("BACKOFF from_state:STARTING tries:1", "STARTING from_state:BACKOFF tries:1"));
}

}  // namespace
}  // namespace foster::supervisor::supervisord
