#include "compat/basic_auth.hpp"

#include <gtest/gtest.h>

#include "compat/base64.hpp"

namespace foster::compat {
namespace {

std::string header(const std::string& text) {
  return "Basic " + to_base64(text);
}

TEST(BasicAuth, NameAndPasswordMustBothBeRight) {
  const Login login{.username = "me", .password = "s:cret"};
  EXPECT_EQ(judge(login, header("me:s:cret")), Verdict::welcome);
  EXPECT_EQ(judge(login, "bASIC " + to_base64("me:s:cret")), Verdict::welcome);
  for (const auto* wrong : {"me:", "me:s:cre", "me:s:cret2", "you:s:cret", ":s:cret", ":"}) {
    EXPECT_EQ(judge(login, header(wrong)), Verdict::refused) << wrong;
  }
}

TEST(BasicAuth, APasswordMayBeKeptAsItsHash) {
  const Login login{.username = "me", .password = "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d"};
  EXPECT_EQ(judge(login, header("me:thepassword")), Verdict::welcome);
  EXPECT_EQ(judge(login, header("me:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d")), Verdict::refused);
}

TEST(BasicAuth, AnythingElseIsRefusedOrUnreadable) {
  const Login login{.username = "me", .password = "x"};
  EXPECT_EQ(judge(login, ""), Verdict::refused);
  EXPECT_EQ(judge(login, "Bearer x"), Verdict::refused);
  EXPECT_EQ(judge(login, "Basic !!!"), Verdict::unreadable);
  EXPECT_EQ(judge(login, header("no colon")), Verdict::unreadable);
}

TEST(BasicAuth, EmptyOnesAreComparedToo) {
  EXPECT_EQ(judge({.username = "", .password = ""}, header(":")), Verdict::welcome);
  EXPECT_EQ(judge({.username = "", .password = ""}, header("a:")), Verdict::refused);
}

}  // namespace
}  // namespace foster::compat
