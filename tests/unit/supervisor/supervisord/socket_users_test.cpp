#include "supervisor/supervisord/socket_users.hpp"

#include <gtest/gtest.h>

namespace foster::supervisor::supervisord {
namespace {

using core::State;

struct TheUsersOfASocket : ::testing::Test {
  SocketUsers users;

  std::string note(core::InstanceId id, State state, const std::string& url = "unix:///a") {
    const auto told = users.note(url, id, state);
    return told ? told->text : "";
  }
};

TEST_F(TheUsersOfASocket, OpenItWithTheFirstAndCloseItWithTheLast) {
  EXPECT_EQ(note(1, State::waiting), "");
  EXPECT_EQ(note(1, State::starting), "Creating socket unix:///a");
  EXPECT_EQ(note(1, State::running), "");
  EXPECT_EQ(note(2, State::starting), "");
  EXPECT_EQ(note(1, State::stopping), "");
  EXPECT_EQ(note(1, State::stopped), "");
  EXPECT_EQ(note(2, State::stopping), "");
  EXPECT_EQ(note(2, State::backoff), "Closing socket unix:///a");
  EXPECT_EQ(note(2, State::failed), "");
  EXPECT_EQ(note(2, State::starting), "Creating socket unix:///a");
}

TEST_F(TheUsersOfASocket, AreThoseOfEachByItself) {
  EXPECT_EQ(note(1, State::running), "Creating socket unix:///a");
  EXPECT_EQ(note(2, State::running, "tcp://b:1"), "Creating socket tcp://b:1");
  EXPECT_EQ(note(1, State::exited), "Closing socket unix:///a");
  EXPECT_EQ(note(2, State::exited, "tcp://b:1"), "Closing socket tcp://b:1");
}

}  // namespace
}  // namespace foster::supervisor::supervisord
