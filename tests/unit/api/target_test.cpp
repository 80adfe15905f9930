#include "api/target.hpp"

#include <gtest/gtest.h>

#include "api/log_position.hpp"

namespace foster::api {
namespace {

TEST(Target, IsSplitIntoAnEncodedPathAndDecodedParameters) {
  const auto target = parse_target("/v1/services/web%3A0/log?name=w%2Ab&follow&lines=10&&x=a=b");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/services/web%3A0/log");
  EXPECT_EQ(target->query, (std::vector<Parameter>{{"name", "w*b"}, {"follow", ""}, {"lines", "10"}, {"x", "a=b"}}));
}

TEST(Target, BrokenEscapesAndOtherFormsAreRefused) {
  for (const char* text : {"", "v1", "http://x/v1", "*", "/?a=%", "/?a=%4", "/?a=%zz", "/?%f=1"}) {
    EXPECT_FALSE(parse_target(text)) << text;
  }
}

TEST(PercentEncoding, ComesBackForEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(all)), all);
  EXPECT_EQ(percent_encode("web:0 *"), "web%3A0%20%2A");
}

TEST(LogPosition, IsATokenAndWhatWasSeenAfterIt) {
  EXPECT_EQ(to_string(LogPosition{"12-34", 0}), "12-34");
  EXPECT_EQ(log_position_from_string("12-34~17"), (LogPosition{"12-34", 17}));
  for (const char* text : {"", "~1", "a b", "a~", "a~x", "a~1~2", "a\""}) {
    EXPECT_FALSE(log_position_from_string(text)) << text;
  }
}

}  // namespace
}  // namespace foster::api
