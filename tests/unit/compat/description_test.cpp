#include "compat/description.hpp"

#include <ctime>

#include <gtest/gtest.h>

#include "support/scoped_environment.hpp"

namespace foster::compat {
namespace {

constexpr std::int64_t kNow = 1'800'000'000;

std::string text(const Process& process) {
  return description_of(process, kNow);
}

TEST(Description, UptimeIsCountedInDaysOnlyWhenThereAreSome) {
  const auto up = [](std::int64_t seconds) {
    return text({.group = {}, .name = {}, .state = ProcessState::running, .start = kNow - seconds, .pid = 7});
  };
  EXPECT_EQ(up(0), "pid 7, uptime 0:00:00");
  EXPECT_EQ(up(3600 * 23 + 59), "pid 7, uptime 23:00:59");
  EXPECT_EQ(up(86'400), "pid 7, uptime 1 day, 0:00:00");
  EXPECT_EQ(up(86'400 * 12 + 61), "pid 7, uptime 12 days, 0:01:01");
  EXPECT_EQ(up(-5), "pid 7, uptime 0:00:00");
}

TEST(Description, FailuresTellTheirCause) {
  EXPECT_EQ(text({.group = {}, .name = "web", .state = ProcessState::fatal}), "unknown error (try \"tail web\")");
  EXPECT_EQ(text({.group = {}, .name = {}, .state = ProcessState::backoff, .spawn_error = "cannot"}), "cannot");
}

TEST(Description, WhatHasStoppedTellsWhen) {
  foster::testing::ScopedEnvironment environment;
  environment.set("TZ", "UTC");
  ::tzset();
  EXPECT_EQ(text({.group = {}, .name = {}, .state = ProcessState::stopped}), "Not started");
  EXPECT_EQ(text({.group = {}, .name = {}, .state = ProcessState::exited, .start = 1, .stop = 1'780'672'560}),
            "Jun 05 03:16 PM");
  EXPECT_EQ(text({.group = {}, .name = {}, .state = ProcessState::stopped, .start = 1, .stop = 1'767'225'600}),
            "Jan 01 12:00 AM");
}

TEST(Description, OthersHaveNone) {
  EXPECT_EQ(text({.group = {}, .name = {}, .state = ProcessState::starting}), "");
  EXPECT_EQ(text({.group = {}, .name = {}, .state = ProcessState::stopping}), "");
}

}  // namespace
}  // namespace foster::compat
