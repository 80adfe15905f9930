#include "compat/event.hpp"

#include <gtest/gtest.h>

namespace foster::compat {
namespace {

constexpr EventSource kWeb{.group = "sites", .process = "web"};

TEST(EventType, NamesAndTypesBelongTogether) {
  for (unsigned n = 0; n < kEventTypes; ++n) {
    const auto type = static_cast<EventType>(n);
    EXPECT_EQ(event_type_from(name_of(type)), type);
  }
  EXPECT_EQ(event_type_from("TICK_7"), std::nullopt);
}

TEST(EventType, WhoAsksForAKindGetsAllOfIt) {
  EXPECT_TRUE(includes(EventType::event, EventType::tick_60));
  EXPECT_TRUE(includes(EventType::tick, EventType::tick_60));
  EXPECT_TRUE(includes(EventType::tick_60, EventType::tick_60));
  EXPECT_FALSE(includes(EventType::tick_5, EventType::tick_60));
  EXPECT_FALSE(includes(EventType::process_state, EventType::tick_60));
  EXPECT_FALSE(includes(EventType::tick_60, EventType::tick));
  EXPECT_TRUE(includes(EventType::process_communication, EventType::process_communication_stderr));
}

TEST(Event, AStateTellsWhatBelongsToIt) {
  const auto payload = [](ProcessState from, ProcessState to, const StateDetails& details) {
    return process_state_event(kWeb, from, to, details).payload;
  };
  using enum ProcessState;
  EXPECT_EQ(payload(stopped, starting, {.tries = 0}), "processname:web groupname:sites from_state:STOPPED tries:0");
  EXPECT_EQ(payload(starting, backoff, {.tries = 2}), "processname:web groupname:sites from_state:STARTING tries:2");
  EXPECT_EQ(payload(starting, running, {.pid = 7}), "processname:web groupname:sites from_state:STARTING pid:7");
  EXPECT_EQ(payload(running, stopping, {.pid = 7}), "processname:web groupname:sites from_state:RUNNING pid:7");
  EXPECT_EQ(payload(backoff, stopped, {}), "processname:web groupname:sites from_state:BACKOFF pid:0");
  EXPECT_EQ(payload(running, exited, {.is_expected = false, .pid = 7}),
            "processname:web groupname:sites from_state:RUNNING expected:0 pid:7");
  EXPECT_EQ(payload(backoff, fatal, {.tries = 3, .pid = 7}), "processname:web groupname:sites from_state:BACKOFF");
  EXPECT_EQ(process_state_event(kWeb, running, exited, {}).type, EventType::process_state_exited);
}

TEST(Event, OutputFollowsOnALineOfItsOwn) {
  EXPECT_EQ(log_event(kWeb, Channel::standard_error, 7, "a\nb\n"),
            (Event{EventType::process_log_stderr, "processname:web groupname:sites pid:7 channel:stderr\na\nb\n"}));
  EXPECT_EQ(communication_event(kWeb, Channel::standard_output, 7, "x"),
            (Event{EventType::process_communication_stdout, "processname:web groupname:sites pid:7\nx"}));
}

TEST(Event, BytesThatAreNoTextAreShownAsPythonDoes) {
  const auto expect = [](std::string_view bytes, const std::string& shown) {
    EXPECT_EQ(communication_event(kWeb, Channel::standard_output, 1, bytes).payload,
              "processname:web groupname:sites pid:1\n" + shown);
  };
  expect("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
  expect("\xff'a\\\n\r\t\x01", R"(Undecodable: b"\xff'a\\\n\r\t\x01")");
  expect("\xff'\"", R"(Undecodable: b'\xff\'"')");
  expect("\xff\"", R"(Undecodable: b'\xff"')");
}

TEST(Event, ATickIsRoundedDown) {
  EXPECT_EQ(tick_event(EventType::tick_5, 1'800'000'004).payload, "when:1800000000");
  EXPECT_EQ(tick_event(EventType::tick_60, 119).payload, "when:60");
  EXPECT_EQ(tick_event(EventType::tick_3600, 7200).payload, "when:7200");
}

TEST(Event, TheOthersAreShort) {
  EXPECT_EQ(remote_event("greeting", "hello\nyou").payload, "type:greeting\nhello\nyou");
  EXPECT_EQ(group_event(EventType::process_group_added, "web").payload, "groupname:web\n");
  EXPECT_EQ(daemon_event(EventType::supervisor_state_change_running).payload, "");
}

}  // namespace
}  // namespace foster::compat
