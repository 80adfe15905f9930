#include "core/cause.hpp"

#include <gtest/gtest.h>

namespace foster::core {
namespace {

TEST(Cause, IsASentenceForPeople) {
  EXPECT_EQ(to_string(Cause{CauseKind::requested, "root (pid 812)", {}}), "requested by root (pid 812)");
  EXPECT_EQ(to_string(Cause{CauseKind::ended, "", Exited{3}}), "exited with code 3");
  EXPECT_EQ(to_string(Cause{CauseKind::dependency, "redis", {}}), "waiting for redis");
  EXPECT_EQ(to_string(Cause{CauseKind::dependency, "needed by app", {}}), "needed by app");
  EXPECT_EQ(to_string(Cause{CauseKind::dependency, "needs redis: stopped", {}}), "needs redis: stopped");
}

TEST(Cause, EveryKindHasAWordOfItsOwn) {
  for (int one = 0; one <= 17; ++one) {
    const auto word = to_string(static_cast<CauseKind>(one));
    EXPECT_FALSE(word.empty()) << one;
    for (int other = 0; other < one; ++other) EXPECT_NE(word, to_string(static_cast<CauseKind>(other)));
  }
}

}  // namespace
}  // namespace foster::core
