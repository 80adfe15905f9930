// The past of an instance in words, and the moments people write.
#include "cli/history_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/since.hpp"
#include "support/scoped_environment.hpp"

namespace foster::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

const WallTime kBegin = std::chrono::sys_days{std::chrono::year(2031) / 5 / 7} + std::chrono::hours(9);

HistoryRow event(std::optional<std::uint64_t> run, core::State to, WallTime::duration after, std::string cause,
                 std::string kind = "", std::optional<ExitStatus> exit = {}) {
  HistoryRow row;
  row.run = run;
  row.to = to;
  row.time = kBegin + after;
  row.cause = std::move(cause);
  row.cause_kind = std::move(kind);
  row.exit = exit;
  return row;
}

std::vector<HistoryRow> two_runs() {
  std::vector<HistoryRow> events{
      event(1, core::State::starting, 0s, "requested by root", "requested"),
      event(1, core::State::running, 1s, "ready: up for 1s", "became-ready"),
      event(1, core::State::stopping, 65s, "exited with code 3", "ended", Exited{3}),
      event(1, core::State::backoff, 65s, "exited with code 3", "ended", Exited{3}),
      event(2, core::State::starting, 66s, "restarted after: exited with code 3", "restart-due", Exited{3}),
      event(2, core::State::running, 67s, "ready: up for 1s", "became-ready"),
  };
  events[2].use = UseRow{.user = 0.5, .system = 0.25, .memory = 12'300'000};
  events[2].last_output = "out of \x1b[31mcheese\ngoodbye";
  return events;
}

Row web() {
  Row row;
  row.name = "web";
  row.state = core::State::running;
  row.cause = "ready: up for 1s";
  return row;
}

struct HistoryPage : ::testing::Test {
  testing::ScopedEnvironment environment;
  HistoryPage() { environment.set("TZ", "UTC"); }
};

TEST_F(HistoryPage, PlainWordsComeFirstAndEachRunTellsItsEnd) {
  const auto events = two_runs();
  EXPECT_EQ(history_page(web(), events, runs_of(events), false),
            R"(web is running: ready: up for 1s
2 runs since 2031-05-07 09:00:00; how they ended: exited with code 3

run 1, 2031-05-07 09:00:00
  09:00:00.000  starting: requested by root
  09:00:01.000  running: ready: up for 1s
  09:01:05.000  stopping: exited with code 3
      ended after 1m 5s
      used 0.75s of CPU (0.50s of its own, 0.25s in the kernel), and 12.3 MB of memory at most
      | out of  [31mcheese
      | goodbye
  09:01:05.000  backoff: exited with code 3

run 2, 2031-05-07 09:01:06
  09:01:06.000  starting: restarted after: exited with code 3
  09:01:07.000  running: ready: up for 1s
)");
}

TEST_F(HistoryPage, TheEndThatCausedARunIsNotItsOwn) {
  const auto events = two_runs();
  const auto runs = runs_of(events);
  ASSERT_EQ(runs.size(), 2U);
  const std::string page = history_page(web(), events, std::span(runs).last(1), false);
  EXPECT_THAT(page, HasSubstr("1 run since 2031-05-07 09:01:06; none has ended\n"));
  EXPECT_THAT(page, Not(HasSubstr("ended after")));
}

TEST_F(HistoryPage, OfARunWhoseBeginningIsGoneNoLengthIsClaimed) {
  auto events = two_runs();
  events.erase(events.begin());
  EXPECT_THAT(history_page(web(), events, runs_of(events), false), Not(HasSubstr("ended after")));
}

TEST_F(HistoryPage, EndingsAreCountedTheMostFrequentFirst) {
  std::vector<HistoryRow> events;
  for (std::uint64_t run = 1; run <= 4; ++run) {
    const ExitStatus exit = run == 1 ? ExitStatus(Killed{*Signal::from_name("KILL")}) : ExitStatus(Exited{1});
    events.push_back(event(run, core::State::starting, std::chrono::seconds(run), "", "requested"));
    events.push_back(event(run, core::State::backoff, std::chrono::seconds(run), "", "ended", exit));
  }
  EXPECT_THAT(history_page(web(), events, runs_of(events), false),
              HasSubstr("how they ended: exited with code 1 (3 times), killed by SIGKILL\n"));
}

TEST_F(HistoryPage, WithoutAPastItSaysSo) {
  EXPECT_EQ(history_page(web(), {}, {}, false), "web is running: ready: up for 1s\nnothing of a run is known\n");
  const std::vector<HistoryRow> waiting{event({}, core::State::waiting, 0s, "waiting for db", "dependency")};
  EXPECT_EQ(history_page(web(), waiting, runs_of(waiting), false),
            "web is running: ready: up for 1s\nnothing of a run is known\n\nbefore the first run, 2031-05-07 09:00:00\n"
            "  09:00:00.000  waiting: waiting for db\n");
}

TEST_F(HistoryPage, SinceTakesAgesTimesAndDates) {
  EXPECT_EQ(parse_since("90s", kBegin), kBegin - 90s);
  EXPECT_EQ(parse_since("1h30m", kBegin), kBegin - 90min);
  EXPECT_EQ(parse_since("2d", kBegin), kBegin - 48h);
  EXPECT_EQ(parse_since("08:15", kBegin), kBegin - 45min);
  EXPECT_EQ(parse_since("2031-05-07", kBegin), kBegin - 9h);
  EXPECT_EQ(parse_since("2031-05-06 23:59:58", kBegin), kBegin - 9h - 2s);
  EXPECT_EQ(parse_since("2031-05-07T08:00:00.000Z", kBegin), kBegin - 1h);
  for (const char* wrong : {"", "yesterday", "25:00", "2031-13-01", "10", "-5s", "2031-05-07 10:00 x"}) {
    EXPECT_FALSE(parse_since(wrong, kBegin)) << wrong;
  }
}

}  // namespace
}  // namespace foster::cli
