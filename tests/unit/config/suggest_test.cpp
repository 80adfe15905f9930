#include "config/suggest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace foster::config {
namespace {

constexpr std::array<std::string_view, 5> kKeys{"restart", "needs", "env-file", "environment", "user"};

TEST(EditDistance, CountsAddedRemovedReplacedAndSwappedLetters) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("abc", "abd"), 1U);
  EXPECT_EQ(edit_distance("abc", "acb"), 1U);
  EXPECT_EQ(edit_distance("restart", "retsrat"), 2U);
}

TEST(Nearest, FindsAMistypedWord) {
  EXPECT_EQ(nearest("restrat", kKeys), "restart");
  EXPECT_EQ(nearest("nees", kKeys), "needs");
  EXPECT_EQ(nearest("env_file", kKeys), "env-file");
  EXPECT_EQ(nearest("ENVIRONMENT", kKeys), "environment");
}

TEST(Nearest, FindsNothingWhereTooMuchDiffers) {
  EXPECT_EQ(nearest("colour", kKeys), std::nullopt);
  EXPECT_EQ(nearest("", kKeys), std::nullopt);
  EXPECT_EQ(nearest("x", kKeys), std::nullopt);
  EXPECT_EQ(nearest(std::string(100'000, 'a'), kKeys), std::nullopt);
}

TEST(DidYouMean, AsksOrSaysNothing) {
  EXPECT_EQ(did_you_mean("usr", kKeys), "did you mean \"user\"?");
  EXPECT_EQ(did_you_mean("colour", kKeys), "");
}

}  // namespace
}  // namespace foster::config
