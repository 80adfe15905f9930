// Datagrams of the proc connector, made as the kernel makes them.
#include "sys/process_event.hpp"

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace foster::sys {
namespace {

using Bytes = std::vector<std::byte>;

template <class Plain>
void append(Bytes& bytes, const Plain& value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof value);
}

Bytes datagram_of(const proc_event& event, std::uint32_t acknowledges = 0) {
  Bytes bytes;
  append(bytes, nlmsghdr{.nlmsg_len = NLMSG_HDRLEN + sizeof(cn_msg) + sizeof event,
                         .nlmsg_type = NLMSG_DONE,
                         .nlmsg_flags = 0,
                         .nlmsg_seq = 0,
                         .nlmsg_pid = 0});
  append(bytes, cn_msg{.id = {.idx = CN_IDX_PROC, .val = CN_VAL_PROC},
                       .seq = 17,
                       .ack = acknowledges,
                       .len = sizeof event,
                       .flags = 0});
  append(bytes, event);
  return bytes;
}

/// Thread 12 of process 11, as all kinds but a fork begin.
proc_event event_with(decltype(proc_event::what) what) {
  proc_event event{};
  event.what = what;
  event.timestamp_ns = 5'000'000'000;
  event.event_data.exec.process_pid = 12;
  event.event_data.exec.process_tgid = 11;
  return event;
}

ProcessEvent only_event(const proc_event& event) {
  const ProcessNews news = parse_process_news(datagram_of(event));
  EXPECT_EQ(news.events.size(), 1U);
  EXPECT_TRUE(news.answers.empty());
  return news.events.empty() ? ProcessEvent{} : news.events.front();
}

TEST(ParseProcessNews, AForkNamesTheChildAndTheProcessThatMadeIt) {
  proc_event event = event_with(proc_event::PROC_EVENT_FORK);
  event.event_data.fork = {.parent_pid = 8, .parent_tgid = 7, .child_pid = 21, .child_tgid = 20};
  const ProcessEvent found = only_event(event);
  EXPECT_EQ(found.process, 20);
  EXPECT_EQ(found.thread, 21);
  EXPECT_EQ(found.time, std::chrono::seconds(5));
  EXPECT_EQ(std::get<Forked>(found.what).parent, 7);
}

TEST(ParseProcessNews, TheOtherKindsNameThreadAndProcess) {
  for (const auto what : {proc_event::PROC_EVENT_EXEC, proc_event::PROC_EVENT_SID, proc_event::PROC_EVENT_COREDUMP}) {
    const ProcessEvent found = only_event(event_with(what));
    EXPECT_EQ(found.process, 11);
    EXPECT_EQ(found.thread, 12);
  }
}

TEST(ParseProcessNews, NewIdsAreTheRealAndTheEffectiveOne) {
  proc_event event = event_with(proc_event::PROC_EVENT_GID);
  event.event_data.id.r.rgid = 1000;
  event.event_data.id.e.egid = 33;
  const auto ids = std::get<IdsChanged>(only_event(event).what);
  EXPECT_EQ(ids.which, IdsChanged::Which::group);
  EXPECT_EQ(ids.real, 1000U);
  EXPECT_EQ(ids.effective, 33U);
  event.what = proc_event::PROC_EVENT_UID;
  EXPECT_EQ(std::get<IdsChanged>(only_event(event).what).which, IdsChanged::Which::user);
}

TEST(ParseProcessNews, ANameMayFillItsRoomWithoutAnEnd) {
  proc_event event = event_with(proc_event::PROC_EVENT_COMM);
  std::memset(event.event_data.comm.comm, 'x', sizeof event.event_data.comm.comm);
  EXPECT_EQ(std::get<Renamed>(only_event(event).what).name, std::string(16, 'x'));
  std::memcpy(event.event_data.comm.comm, "a) (b\nc", 8);
  EXPECT_EQ(std::get<Renamed>(only_event(event).what).name, "a) (b\nc");
}

TEST(ParseProcessNews, AnEndHasItsStatusAndANumberThatIsNoneIsUnknown) {
  proc_event event = event_with(proc_event::PROC_EVENT_EXIT);
  const auto status_of = [&](std::uint32_t code) {
    event.event_data.exit.exit_code = code;
    return std::get<Ended>(only_event(event).what).status;
  };
  EXPECT_EQ(status_of(3U << 8U), ExitStatus(Exited{3}));
  EXPECT_EQ(status_of(SIGKILL), ExitStatus(Killed{*Signal::from_number(SIGKILL)}));
  EXPECT_EQ(status_of(SIGSEGV | 0x80U), ExitStatus(Killed{*Signal::from_number(SIGSEGV), true}));
  EXPECT_EQ(status_of(0x7fU), ExitStatus(ExitUnknown{}));
  EXPECT_EQ(status_of(0x137fU), ExitStatus(ExitUnknown{}));
}

TEST(ParseProcessNews, AnAnswerSaysWhatItAcknowledgesAndItsError) {
  proc_event event{};
  event.event_data.ack.err = EPERM;
  const ProcessNews news = parse_process_news(datagram_of(event, 4712));
  ASSERT_EQ(news.answers.size(), 1U);
  EXPECT_EQ(news.answers.front().acknowledges, 4712U);
  EXPECT_EQ(news.answers.front().error, EPERM);
}

TEST(ParseProcessNews, WhatIsNoProcessNoKindWeKnowOrOfAnotherConnectorIsPassedOver) {
  proc_event event = event_with(proc_event::PROC_EVENT_EXEC);
  event.event_data.exec.process_tgid = 0;
  EXPECT_TRUE(parse_process_news(datagram_of(event)).events.empty());
  EXPECT_TRUE(parse_process_news(datagram_of(event_with(proc_event::PROC_EVENT_PTRACE))).events.empty());
  Bytes other = datagram_of(event_with(proc_event::PROC_EVENT_EXEC));
  other[NLMSG_HDRLEN] = std::byte{9};
  EXPECT_TRUE(parse_process_news(other).events.empty());
}

TEST(ParseProcessNews, SeveralMessagesInOneDatagramAreAllRead) {
  Bytes both = datagram_of(event_with(proc_event::PROC_EVENT_EXEC));
  const Bytes second = datagram_of(event_with(proc_event::PROC_EVENT_SID));
  both.insert(both.end(), second.begin(), second.end());
  EXPECT_EQ(parse_process_news(both).events.size(), 2U);
}

TEST(ParseProcessNews, WhatIsCutShortSaysNothing) {
  const Bytes whole = datagram_of(event_with(proc_event::PROC_EVENT_EXEC));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_TRUE(parse_process_news(std::span(whole).first(size)).events.empty()) << size;
  }
}

TEST(ParseProcessNews, TenThousandDamagedDatagramsDoNoHarm) {
  std::mt19937 random(4711);
  const auto below = [&](std::size_t end) { return std::uniform_int_distribution<std::size_t>(0, end - 1)(random); };
  Bytes base = datagram_of(event_with(proc_event::PROC_EVENT_EXIT));
  const Bytes second = datagram_of(event_with(proc_event::PROC_EVENT_FORK));
  base.insert(base.end(), second.begin(), second.end());
  for (int round = 0; round < 10'000; ++round) {
    Bytes bytes = base;
    for (std::size_t n = below(6); n > 0; --n) bytes[below(bytes.size())] = static_cast<std::byte>(below(256));
    bytes.resize(below(bytes.size() + 1));
    for (const ProcessEvent& event : parse_process_news(bytes).events) {
      ASSERT_GT(event.process, 0) << round;
      ASSERT_GT(event.thread, 0) << round;
    }
  }
}

}  // namespace
}  // namespace foster::sys
