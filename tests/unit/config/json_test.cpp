#include "config/json.hpp"

#include <gtest/gtest.h>

namespace foster::config {
namespace {

std::string round_trip(std::string_view text) {
  const auto table = parse_json(text);
  return table ? write_json(*table) : "error: " + table.error();
}

TEST(Json, IsReadAndWrittenInTheOrderOfTheText) {
  const std::string text = R"({"z":["a",1,-5],"a":{"t":true,"é":"\u0001\n\"\\"},"n":null})";
  EXPECT_EQ(round_trip(text), text);
  EXPECT_EQ(round_trip(" { } "), "{}");
}

TEST(Json, HasNoPositions) {
  const auto table = parse_json(R"({"a": 1})");
  ASSERT_TRUE(table);
  EXPECT_EQ(table->find("a")->where(), Position{});
}

TEST(Json, KeepsTheDifferenceBetweenWholeAndOtherNumbers) {
  const auto table = parse_json(R"({"a": 2, "b": 2.0, "c": 18446744073709551615})");
  ASSERT_TRUE(table);
  EXPECT_NE(table->find("a")->as<std::int64_t>(), nullptr);
  EXPECT_NE(table->find("b")->as<double>(), nullptr);
  EXPECT_NE(table->find("c")->as<double>(), nullptr);
}

TEST(Json, SaysWhatIsWrongWithBadText) {
  for (const char* text : {"", "{", "{\"a\":}", "nonsense", "{\"a\":\"\xFF\"}", "{\"a\": 01}"}) {
    const auto table = parse_json(text);
    ASSERT_FALSE(table) << text;
    EXPECT_TRUE(table.error().starts_with("the JSON is not valid at byte ")) << table.error();
  }
  EXPECT_EQ(parse_json("{} x").error(), "the JSON is not valid: something follows it at byte 3");
  EXPECT_EQ(parse_json("[1]").error(), "the JSON is not an object");
  EXPECT_FALSE(parse_json(std::string(100'000, '[')));
}

}  // namespace
}  // namespace foster::config
