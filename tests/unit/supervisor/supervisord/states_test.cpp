#include "supervisor/supervisord/states.hpp"

#include <gtest/gtest.h>

namespace foster::supervisor::supervisord {
namespace {

using compat::ProcessState;

TEST(SupervisordStates, EachStateOfTheCoreHasItsWord) {
  EXPECT_EQ(state_of(core::State::stopped), ProcessState::stopped);
  EXPECT_EQ(state_of(core::State::starting), ProcessState::starting);
  EXPECT_EQ(state_of(core::State::running), ProcessState::running);
  EXPECT_EQ(state_of(core::State::stopping), ProcessState::stopping);
  EXPECT_EQ(state_of(core::State::backoff), ProcessState::backoff);
  EXPECT_EQ(state_of(core::State::exited), ProcessState::exited);
  EXPECT_EQ(state_of(core::State::failed), ProcessState::fatal);
}

TEST(SupervisordStates, WhoWaitsForOthersIsOnItsWay) {
  EXPECT_EQ(state_of(core::State::waiting), ProcessState::starting);
}

}  // namespace
}  // namespace foster::supervisor::supervisord
