#include "supervisor/daemon_finder.hpp"

#include <gtest/gtest.h>

namespace foster::supervisor {
namespace {

TEST(Pidfile, HoldsOneNumberAndWhiteSpace) {
  EXPECT_EQ(parse_pidfile("42\n"), Pid(42));
  EXPECT_EQ(parse_pidfile(" 42 \r\n"), Pid(42));
  for (const char* text : {"", "\n", "0", "-5", "42 43", "42x", "99999999999"})
    EXPECT_FALSE(parse_pidfile(text)) << text;
}

}  // namespace
}  // namespace foster::supervisor
