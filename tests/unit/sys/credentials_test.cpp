#include "sys/credentials.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace foster::sys {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(FindUser, KnowsRootByNameAndByNumber) {
  for (const char* word : {"root", "0"}) {
    const auto root = find_user(word);
    ASSERT_TRUE(root) << to_string(root.error());
    EXPECT_EQ(root->name, "root");
    EXPECT_EQ(root->uid, 0U);
    EXPECT_EQ(root->gid, 0U);
    EXPECT_EQ(root->home, "/root");
    EXPECT_TRUE(root->shell.starts_with('/'));
  }
}

TEST(FindUser, NamesTheUnknown) {
  EXPECT_EQ(to_string(find_user("www-dat").error()), "user www-dat: no such user");
  EXPECT_EQ(to_string(find_user("").error()), "user : no such user");
}

TEST(FindUser, TakesANumberThatNobodyHas) {
  const auto user = find_user("3999999999");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->uid, 3999999999U);
  EXPECT_EQ(user->name, "");
  EXPECT_EQ(user->home, "/");
}

TEST(FindUser, RefusesNumbersThatMeanSomethingElseToTheKernel) {
  EXPECT_EQ(find_user("4294967295").error().code, ERANGE);
  EXPECT_EQ(find_user("99999999999").error().code, ERANGE);
  EXPECT_FALSE(find_user("-1"));
  EXPECT_FALSE(find_user("0x10"));
}

TEST(FindGroup, KnowsNamesAndNumbers) {
  EXPECT_EQ(find_group("root").value(), 0U);
  EXPECT_EQ(find_group("54321").value(), 54321U);
  EXPECT_EQ(to_string(find_group("no-such").error()), "group no-such: no such group");
}

TEST(SupplementaryGroups, IncludeThePrimaryOne) {
  EXPECT_THAT(supplementary_groups(find_user("root").value(), 54321).value(), Contains(54321U));
  EXPECT_THAT(supplementary_groups(find_user("3999999999").value(), 7).value(), ElementsAre(7U));
}

TEST(FindCredentials, DefaultToOurOwnUserAndHisGroup) {
  const auto ours = find_credentials("", "");
  ASSERT_TRUE(ours);
  EXPECT_EQ(ours->user.uid, ::geteuid());
  EXPECT_EQ(ours->gid, ::getegid());
  const auto daemon = find_credentials("daemon", "");
  ASSERT_TRUE(daemon);
  EXPECT_EQ(daemon->gid, daemon->user.gid);
  EXPECT_EQ(find_credentials("daemon", "54321")->gid, 54321U);
  EXPECT_FALSE(find_credentials("daemon", "no-such"));
}

}  // namespace
}  // namespace foster::sys
