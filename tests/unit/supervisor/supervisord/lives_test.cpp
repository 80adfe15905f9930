// Transitions of the core, as Supervisor tells them.
#include "supervisor/supervisord/lives.hpp"

#include <gtest/gtest.h>

#include "supervisor/supervisord/messages.hpp"

namespace foster::supervisor::supervisord {
namespace {

using core::CauseKind;
using core::State;

class LivesTest : public ::testing::Test {
 protected:
  Turn go(State to, core::Cause cause = {}) {
    api::EventRow row{.time = std::chrono::system_clock::time_point(std::chrono::seconds(++second_)),
                      .name = "web",
                      .from = state_,
                      .to = to,
                      .cause = cause};
    state_ = to;
    return lives_.note(row, {0, 2});
  }
  Turn end(ExitStatus status) { return go(State::stopping, {.kind = CauseKind::ended, .detail = {}, .exit = status}); }
  [[nodiscard]] const Life& life() const { return *lives_.find("web"); }

  Lives lives_;
  State state_ = State::stopped;
  int second_ = 100;
};

TEST_F(LivesTest, ARunThatEndsAsItShould) {
  EXPECT_EQ(lives_.find("web"), nullptr);
  EXPECT_EQ(go(State::starting), Turn::begun);
  EXPECT_EQ(go(State::running), Turn::succeeded);
  EXPECT_EQ(end(Exited{2}), Turn::ended);
  EXPECT_EQ(go(State::exited, {.kind = CauseKind::ended, .detail = {}, .exit = Exited{2}}), Turn::none);
  EXPECT_EQ(life().start, 101);
  EXPECT_EQ(life().stop, 103);
  EXPECT_EQ(life().exit_status, 2);
  EXPECT_EQ(life().spawn_error, "");
}

TEST_F(LivesTest, ARunThatEndsOtherwise) {
  go(State::starting);
  go(State::running);
  EXPECT_EQ(end(Killed{*Signal::from_number(SIGKILL)}), Turn::ended);
  EXPECT_EQ(life().exit_status, -1);
  EXPECT_EQ(life().spawn_error, "Bad exit code -1");
  go(State::starting);
  EXPECT_EQ(life().spawn_error, "");
  EXPECT_EQ(life().exit_status, 0);
  EXPECT_EQ(life().stop, 103);
}

TEST_F(LivesTest, OneThatEndsTooSoonHasNoExitStatus) {
  go(State::starting);
  EXPECT_EQ(end(Exited{0}), Turn::too_quick);
  EXPECT_EQ(go(State::backoff), Turn::none);
  EXPECT_EQ(life().exit_status, 0);
  EXPECT_EQ(life().spawn_error, "Exited too quickly (process log may have details)");
}

TEST_F(LivesTest, OneThatCannotBeStarted) {
  go(State::starting);
  EXPECT_EQ(go(State::failed), Turn::no_spawn);
  lives_.set_spawn_error("web", "can't find command 'web'");
  EXPECT_EQ(life().spawn_error, "can't find command 'web'");
  EXPECT_EQ(life().start, 101);
  EXPECT_EQ(life().stop, 0);
}

TEST_F(LivesTest, OneThatIsStopped) {
  go(State::starting);
  go(State::running);
  EXPECT_EQ(go(State::stopping, {.kind = CauseKind::requested, .detail = {}, .exit = {}}), Turn::none);
  EXPECT_EQ(go(State::stopped, {.kind = CauseKind::requested, .detail = {}, .exit = Exited{0}}), Turn::stopped);
  EXPECT_EQ(life().stop, 104);
}

TEST_F(LivesTest, AStopWhileItWaitsForTheNextTryEndsNothing) {
  go(State::starting);
  end(Exited{1});
  go(State::backoff);
  EXPECT_EQ(go(State::stopped), Turn::none);
  EXPECT_EQ(life().stop, 102);
}

TEST(SupervisordMessages, AreThoseThatPeopleSearchFor) {
  const config::supervisord::Process web{.group = "g", .name = "web"};
  const auto text = [&](Turn turn, const ExitStatus& exit) {
    const auto message = message_of(turn, web, exit, "why not");
    return line_of(message->level, message->text, {}).substr(24);
  };
  EXPECT_EQ(text(Turn::ended, Exited{0}), "INFO exited: web (exit status 0; expected)\n");
  EXPECT_EQ(text(Turn::ended, Exited{1}), "WARN exited: web (exit status 1; not expected)\n");
  EXPECT_EQ(text(Turn::too_quick, Exited{0}), "WARN exited: web (exit status 0; not expected)\n");
  EXPECT_EQ(text(Turn::stopped, Killed{*Signal::from_number(SIGTERM)}), "WARN stopped: web (terminated by SIGTERM)\n");
  EXPECT_EQ(text(Turn::no_spawn, ExitUnknown{}), "INFO spawnerr: why not\n");
  EXPECT_FALSE(message_of(Turn::none, web, {}, ""));
  EXPECT_EQ(spawned(web, 7).text, "spawned: 'web' with pid 7");
}

}  // namespace
}  // namespace foster::supervisor::supervisord
