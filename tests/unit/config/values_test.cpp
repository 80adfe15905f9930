#include "config/values.hpp"

#include <gtest/gtest.h>

#include <random>

namespace foster::config {
namespace {

using namespace std::chrono_literals;

std::string message_of(const auto& parsed) {
  return parsed ? "(accepted)" : parsed.error().message;
}
std::string hint_of(const auto& parsed) {
  return parsed ? "(accepted)" : parsed.error().hint;
}

TEST(ParseDuration, TakesEachUnitAndTheirSumFromLargeToSmall) {
  EXPECT_EQ(parse_duration("100ms"), 100ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("1d"), 24h);
  EXPECT_EQ(parse_duration("7us8ns"), 7008ns);
  EXPECT_EQ(parse_duration("1d2h3m4s5ms6us7ns"), 26h + 3min + 4s + 5ms + 6us + 7ns);
}

TEST(ParseDuration, TakesFractionsThatAreWholeNanoseconds) {
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("0.000000001s"), 1ns);
  EXPECT_EQ(message_of(parse_duration("0.5ns")), "\"0.5ns\" is finer than a nanosecond");
}

TEST(ParseDuration, TakesZeroAloneWithoutAUnit) {
  EXPECT_EQ(parse_duration("0"), 0s);
  EXPECT_EQ(parse_duration("0ms"), 0s);
  EXPECT_EQ(message_of(parse_duration("00")), "\"00\" has no unit");
}

TEST(ParseDuration, RefusesANumberWithoutUnitAndSaysWhatToWrite) {
  const auto parsed = parse_duration("30");
  EXPECT_EQ(message_of(parsed), "\"30\" has no unit");
  EXPECT_EQ(hint_of(parsed), "write \"30s\"");
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "-5s", "5s ", " 5s", "+1s", "1s1m", "1s1s", "1.s", ".5s", "5 s", "1_000s",
                           "123456789012345678901s", "0.1234567890s", "five"}) {
    EXPECT_EQ(message_of(parse_duration(text)), std::string("\"") + text + "\" is no duration");
  }
  EXPECT_EQ(message_of(parse_duration("1e3s")), "\"e\" is no unit of time");
  EXPECT_EQ(message_of(parse_duration("5sec")), "\"sec\" is no unit of time");
}

TEST(ParseDuration, RefusesWhatIsLongerThanAnyClockShouldBeAddedTo) {
  EXPECT_EQ(parse_duration("3650d"), kMaxDuration);
  EXPECT_EQ(message_of(parse_duration("3650d1ns")), "\"3650d1ns\" is too long");
  EXPECT_EQ(message_of(parse_duration("999999999999999999d")), "\"999999999999999999d\" is too long");
}

TEST(FormatDuration, IsReadBackExactly) {
  std::mt19937_64 random(1);
  for (int n = 0; n < 20'000; ++n) {
    const auto shift = random() % 59;
    const core::Duration duration(static_cast<core::Duration::rep>(random() >> (5 + shift)) % kMaxDuration.count());
    ASSERT_EQ(parse_duration(format_duration(duration)), duration) << format_duration(duration);
  }
}

TEST(FormatDuration, WritesWholeNumbersFromLargeToSmall) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(1500ms), "1s500ms");
  EXPECT_EQ(format_duration(26h), "1d2h");
}

TEST(ParseSize, TakesDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("512B"), 512U);
  EXPECT_EQ(parse_size("1kB"), 1000U);
  EXPECT_EQ(parse_size("1KB"), 1000U);
  EXPECT_EQ(parse_size("10MB"), 10'000'000U);
  EXPECT_EQ(parse_size("64KiB"), 65'536U);
  EXPECT_EQ(parse_size("1.5GiB"), 1'610'612'736U);
  EXPECT_EQ(parse_size("2 TiB"), std::uint64_t{2} << 40U);
  EXPECT_EQ(parse_size("0"), 0U);
}

TEST(ParseSize, RefusesWhatIsNone) {
  EXPECT_EQ(message_of(parse_size("10")), "\"10\" has no unit");
  EXPECT_EQ(hint_of(parse_size("10")), "write \"10B\" or \"10MB\"");
  EXPECT_EQ(message_of(parse_size("10mb")), "\"mb\" is no unit of size");
  EXPECT_EQ(message_of(parse_size("0.5B")), "\"0.5B\" is no whole number of bytes");
  EXPECT_EQ(message_of(parse_size("-1B")), "\"-1B\" is no size");
  EXPECT_EQ(message_of(parse_size("")), "\"\" is no size");
  EXPECT_EQ(message_of(parse_size("9223372036854775808B")), "\"9223372036854775808B\" is too large");
  EXPECT_EQ(message_of(parse_size("10000000000000000000B")), "\"10000000000000000000B\" is too large");
  EXPECT_EQ(message_of(parse_size("123456789012345678901B")), "\"123456789012345678901B\" is no size");
  EXPECT_EQ(message_of(parse_size("9999999999999999999.999999999TiB")),
            "\"9999999999999999999.999999999TiB\" is too large");
  EXPECT_EQ(message_of(parse_size("99999999TiB")), "\"99999999TiB\" is too large");
}

TEST(FormatSize, IsReadBackExactlyInTheUnitOfTheShortestNumber) {
  EXPECT_EQ(format_size(10'000'000), "10MB");
  EXPECT_EQ(format_size(65'536), "64KiB");
  EXPECT_EQ(format_size(1001), "1001B");
  std::mt19937_64 random(2);
  for (int n = 0; n < 20'000; ++n) {
    const std::uint64_t size = (random() >> (5 + random() % 59)) * (random() % 2 == 0 ? 1 : 1000) % (1ULL << 59U);
    ASSERT_EQ(parse_size(format_size(size)), size);
  }
}

TEST(ParseSignal, TakesNamesWithAndWithoutTheirPrefixAndNumbers) {
  EXPECT_EQ(parse_signal("TERM"), *Signal::from_number(SIGTERM));
  EXPECT_EQ(parse_signal("SIGINT"), *Signal::from_number(SIGINT));
  EXPECT_EQ(parse_signal("quit"), *Signal::from_number(SIGQUIT));
  EXPECT_EQ(parse_signal("9"), *Signal::from_number(SIGKILL));
  EXPECT_EQ(message_of(parse_signal("TREM")), "\"TREM\" is no signal");
  EXPECT_EQ(message_of(parse_signal("0")), "\"0\" is no signal");
}

TEST(FormatSignal, IsReadBackExactlyForEverySignal) {
  for (int number = 1; number <= 64; ++number) {
    const Signal signal = *Signal::from_number(number);
    EXPECT_EQ(parse_signal(format_signal(signal)), signal) << number;
  }
}

TEST(ParseMode, TakesOctalDigitsAlone) {
  EXPECT_EQ(parse_mode("022"), 022U);
  EXPECT_EQ(parse_mode("0"), 0U);
  EXPECT_EQ(parse_mode("0o27"), 027U);
  EXPECT_EQ(parse_mode("777"), 0777U);
  for (const char* text : {"", "8", "1000", "rwx", "-1", "02 2", "0x1f"}) {
    EXPECT_EQ(message_of(parse_mode(text)), std::string("\"") + text + "\" is no octal mode");
  }
}

TEST(FormatMode, IsReadBackExactlyForEveryMode) {
  for (unsigned mode = 0; mode <= 0777; ++mode) EXPECT_EQ(parse_mode(format_mode(mode)), mode);
}

TEST(ParseBoolean, TakesTheWordsPeopleUse) {
  for (const char* text : {"true", "Yes", "on", "1"}) EXPECT_EQ(parse_boolean(text), true) << text;
  for (const char* text : {"false", "no", "OFF", "0"}) EXPECT_EQ(parse_boolean(text), false) << text;
  EXPECT_EQ(message_of(parse_boolean("maybe")), "\"maybe\" is neither true nor false");
  EXPECT_EQ(parse_boolean(format_boolean(true)), true);
  EXPECT_EQ(parse_boolean(format_boolean(false)), false);
}

}  // namespace
}  // namespace foster::config
