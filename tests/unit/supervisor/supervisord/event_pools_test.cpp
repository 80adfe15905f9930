#include "supervisor/supervisord/event_pools.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>

#include "support/temporary_directory.hpp"

namespace foster::supervisor::supervisord {
namespace {

using namespace std::chrono_literals;
using compat::EventType;
using core::CauseKind;
using foster::testing::TemporaryDirectory;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kOut = compat::Channel::standard_output;
constexpr auto kErr = compat::Channel::standard_error;
using Sent = std::pair<std::string, std::string>;

/// Some pools with listeners that say what a test has them say. What is sent is written down.
class EventPoolsTest : public ::testing::Test {
 protected:
  EventPoolsTest() { begin(); }

  void begin() {
    pools = std::make_unique<EventPools>(
        EventPools::Tools{.loop = loop,
                          .path = directory.path("events.json"),
                          .identifier = [] { return std::string("id"); },
                          .write = [this](const std::string& service, std::string_view text) -> Result<> {
                            if (const auto why = refusals.find(service); why != refusals.end())
                              return failure("write", why->second);
                            sent.emplace_back(service, text);
                            stored_when_sent = foster::testing::contents_of(directory.path("events.json"));
                            return {};
                          },
                          .drain =
                              [this](const std::string& service) {
                                if (const auto text = missed.extract(service))
                                  pools->hear(service, kOut, text.mapped());
                              },
                          .pid_of = [](const std::string&) { return 7; },
                          .state_of = [](const std::string&) { return compat::ProcessState::stopped; },
                          .log =
                              [this](EventPools::LogLevel level, std::string text) {
                                if (level != EventPools::LogLevel::debug) log.push_back(std::move(text));
                              },
                          .now = [this] { return now; }});
  }

  static EventGroup listeners(std::string name, std::vector<std::string> events, unsigned count = 1,
                              std::int64_t buffer_size = 10) {
    EventGroup group{.name = name, .pool = config::supervisord::EventPool{}};
    group.pool->events = std::move(events);
    group.pool->buffer_size = buffer_size;
    for (unsigned n = 0; n < count; ++n) {
      const std::string process = count == 1 ? name : name + std::to_string(n);
      group.processes.push_back({.service = count == 1 ? name : name + ":" + process, .name = process});
    }
    return group;
  }

  static EventGroup program(std::string name) {
    EventGroup group{.name = name};
    group.processes.push_back({.service = name, .name = name, .exit_codes = {0, 3}, .tells_stdout = true});
    return group;
  }

  void note(const std::string& service, core::State from, core::State to, core::Cause cause = {}) {
    pools->note({.id = ++last_row, .time = {}, .name = service, .from = from, .to = to, .run = 1, .cause = cause});
    pools->keep();
  }
  void run(const std::string& service) {
    note(service, core::State::stopped, core::State::starting);
    note(service, core::State::starting, core::State::running);
  }
  void end(const std::string& service, int code) {
    note(service, core::State::running, core::State::stopping,
         {.kind = CauseKind::ended, .detail = {}, .exit = Exited{code}});
  }
  void say(const std::string& service, std::string_view text) {
    pools->hear(service, kOut, text);
    pools->keep();
  }
  void emit(std::string data) {
    pools->emit(compat::remote_event("t", data));
    pools->keep();
  }

  /// What was sent since the last call: "SERVICE SERIAL/POOLSERIAL NAME PAYLOAD".
  std::vector<std::string> told() {
    std::vector<std::string> texts;
    for (const auto& [service, text] : std::exchange(sent, {})) {
      const auto field = [&text = text](std::string_view name) {
        const std::size_t begin = text.find(std::string(name) + ":") + name.size() + 1;
        return text.substr(begin, text.find_first_of(" \n", begin) - begin);
      };
      texts.push_back(service + " " + field("serial") + "/" + field("poolserial") + " " + field("eventname") + " " +
                      text.substr(text.find('\n') + 1));
    }
    return texts;
  }

  TemporaryDirectory directory;
  Loop loop;
  std::vector<Sent> sent;
  std::string stored_when_sent;
  std::vector<std::string> log;
  std::map<std::string, int> refusals;
  std::map<std::string, std::string> missed;  ///< What listeners said while nobody listened.
  std::chrono::system_clock::time_point now{1'800'000'001s};
  std::unique_ptr<EventPools> pools;
  std::uint64_t last_row = 0;
};

TEST_F(EventPoolsTest, AnEventIsSentWhenAListenerIsReady) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}));
  emit("a");
  run("mail");
  EXPECT_THAT(told(), IsEmpty());
  say("mail", "READY\n");
  EXPECT_THAT(sent, ElementsAre(Sent("mail",
                                     "ver:3.0 server:id serial:0 pool:mail poolserial:0 "
                                     "eventname:REMOTE_COMMUNICATION len:8\ntype:t\na")));
  sent.clear();
  emit("b");
  EXPECT_THAT(told(), IsEmpty()) << "it is busy";
  say("mail", "RESULT 2\nOK");
  say("mail", "READY\n");
  EXPECT_THAT(told(), ElementsAre("mail 1/1 REMOTE_COMMUNICATION type:t\nb"));
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(EventPoolsTest, ReadyIsNotEnoughForOneThatIsNotUp) {
  pools->add(listeners("mail", {"EVENT"}));
  emit("a");
  note("mail", core::State::stopped, core::State::starting);
  say("mail", "READY\n");
  EXPECT_THAT(told(), IsEmpty());
  note("mail", core::State::starting, core::State::running);
  EXPECT_THAT(told(), ElementsAre("mail 0/0 PROCESS_GROUP_ADDED groupname:mail\n"));
}

TEST_F(EventPoolsTest, EveryPoolGetsItAndOneOfItsListeners) {
  pools->add(listeners("one", {"REMOTE_COMMUNICATION"}, 2));
  pools->add(listeners("two", {"REMOTE_COMMUNICATION"}));
  for (const char* service : {"one:one0", "one:one1", "two"}) {
    run(service);
    say(service, "READY\n");
  }
  emit("a");
  emit("b");
  EXPECT_THAT(told(),
              ElementsAre("one:one0 0/0 REMOTE_COMMUNICATION type:t\na", "two 0/0 REMOTE_COMMUNICATION type:t\na",
                          "one:one1 1/1 REMOTE_COMMUNICATION type:t\nb"));
}

TEST_F(EventPoolsTest, WhatIsRejectedComesAgainFirst) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}));
  run("mail");
  say("mail", "READY\n");
  emit("a");
  emit("b");
  (void)told();
  say("mail", "RESULT 4\nFAILREADY\n");
  EXPECT_THAT(told(), ElementsAre("mail 0/0 REMOTE_COMMUNICATION type:t\na"));
  EXPECT_THAT(log, ElementsAre("mail: event was rejected"));
}

TEST_F(EventPoolsTest, TheDeadLeaveTheirEventToOthers) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}, 2));
  run("mail:mail0");
  say("mail:mail0", "READY\n");
  emit("a");
  (void)told();
  end("mail:mail0", 1);
  run("mail:mail1");
  say("mail:mail1", "READY\n");
  EXPECT_THAT(told(), ElementsAre("mail:mail1 0/0 REMOTE_COMMUNICATION type:t\na"));
}

TEST_F(EventPoolsTest, WhoeverBreaksTheProtocolGetsNothingUntilItIsRestarted) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}));
  run("mail");
  say("mail", "hello\n");
  EXPECT_THAT(log, ElementsAre("mail: has entered the UNKNOWN state and will no longer receive events, this usually "
                               "indicates the process violated the eventlistener protocol"));
  say("mail", "READY\n");
  emit("a");
  EXPECT_THAT(told(), IsEmpty());
  end("mail", 0);
  note("mail", core::State::stopping, core::State::starting);
  note("mail", core::State::starting, core::State::running);
  say("mail", "READY\n");
  EXPECT_THAT(told(), SizeIs(1));
}

TEST_F(EventPoolsTest, ABadResultIsToldAndItsEventKept) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}, 2));
  for (const char* service : {"mail:mail0", "mail:mail1"}) {
    run(service);
    say(service, "READY\n");
  }
  emit("a");
  (void)told();
  say("mail:mail0", "RESULT x\n");
  EXPECT_THAT(log, Contains("mail0: bad result line: 'RESULT x'"));
  EXPECT_THAT(told(), ElementsAre("mail:mail1 0/0 REMOTE_COMMUNICATION type:t\na"));
}

TEST_F(EventPoolsTest, AClosedStdinIsPassedOver) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}, 2));
  for (const char* service : {"mail:mail0", "mail:mail1"}) {
    run(service);
    say(service, "READY\n");
  }
  refusals["mail:mail0"] = ENXIO;
  emit("a");
  pools->keep();
  EXPECT_THAT(told(), ElementsAre("mail:mail1 0/0 REMOTE_COMMUNICATION type:t\na"));
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(EventPoolsTest, AFullBufferLosesTheOldestAndSaysSo) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}, 1, 2));
  for (const char* data : {"a", "b", "c"}) emit(data);
  EXPECT_THAT(log, ElementsAre("pool mail event buffer overflowed, discarding event 0"));
  run("mail");
  say("mail", "READY\n");
  EXPECT_THAT(told(), ElementsAre("mail 1/1 REMOTE_COMMUNICATION type:t\nb"));
}

TEST_F(EventPoolsTest, StatesOfProcessesAreTold) {
  pools->add(listeners("mail", {"PROCESS_STATE_EXITED"}));
  pools->add(program("web"));
  run("mail");
  say("mail", "READY\n");
  run("web");
  end("web", 3);
  note("web", core::State::stopping, core::State::exited, {.kind = CauseKind::ended, .detail = {}, .exit = Exited{3}});
  EXPECT_THAT(told(), ElementsAre("mail 0/0 PROCESS_STATE_EXITED processname:web groupname:web from_state:RUNNING "
                                  "expected:1 pid:7"));
}

TEST_F(EventPoolsTest, OutputIsToldWhereItIsWanted) {
  pools->add(listeners("mail", {"PROCESS_LOG", "PROCESS_COMMUNICATION"}));
  pools->add(program("web"));
  run("mail");
  say("mail", "READY\n");
  pools->hear("web", kErr, "not told\n");
  pools->hear("nobody", kOut, "not told\n");
  say("web", "line\n");
  EXPECT_THAT(told(),
              ElementsAre("mail 0/0 PROCESS_LOG_STDOUT processname:web groupname:web pid:7 channel:stdout\nline\n"));
  say("mail", "RESULT 2\nOKREADY\n");
  pools->hear_captured("web", kErr, "x");
  pools->keep();
  EXPECT_THAT(told(), ElementsAre("mail 1/1 PROCESS_COMMUNICATION_STDERR processname:web groupname:web pid:7\nx"));
}

TEST_F(EventPoolsTest, GroupsThatComeAndGoAreTold) {
  pools->add(listeners("mail", {"PROCESS_GROUP"}));
  pools->add(program("web"));
  pools->remove("web");
  run("mail");
  say("mail", "READY\n");
  say("mail", "RESULT 2\nOKREADY\n");
  say("mail", "RESULT 2\nOKREADY\n");
  EXPECT_THAT(told(), ElementsAre("mail 0/0 PROCESS_GROUP_ADDED groupname:mail\n",
                                  "mail 1/1 PROCESS_GROUP_ADDED groupname:web\n",
                                  "mail 2/2 PROCESS_GROUP_REMOVED groupname:web\n"));
}

TEST_F(EventPoolsTest, OutputThatComesAgainAfterALossIsKnown) {
  const auto groups = [] {
    return std::vector{listeners("mail", {"PROCESS_LOG", "PROCESS_COMMUNICATION"}), program("web")};
  };
  for (EventGroup& group : groups()) pools->add(group);
  pools->hear("web", kOut, "one", {.stream = 9, .end = 3});
  pools->hear("web", kOut, "hidden", {.stream = 9, .end = 39});
  begin();
  pools->take_up(groups());
  pools->hear("web", kOut, "one", {.stream = 9, .end = 3});
  pools->hear("web", kOut, "hidden", {.stream = 9, .end = 39});
  pools->hear_captured("web", kOut, "hidden", {.stream = 9, .end = 40});
  begin();
  pools->take_up(groups());
  pools->hear_captured("web", kOut, "hidden", {.stream = 9, .end = 40});
  pools->hear("web", kOut, "two", {.stream = 9, .end = 43});
  // Another file, which begins anew; and somebody who has none.
  pools->hear("web", kOut, "three", {.stream = 8, .end = 5});
  pools->hear("web", kOut, "four");
  run("mail");
  std::string answer = "READY\n";
  std::vector<std::string> heard;
  for (unsigned count = 0; count < 6; ++count) {
    say("mail", std::exchange(answer, "RESULT 2\nOKREADY\n"));
    for (const std::string& one : told()) heard.push_back(one.substr(one.rfind('\n') + 1));
  }
  EXPECT_THAT(heard, ElementsAre("one", "hidden", "hidden", "two", "three", "four"));
}

TEST_F(EventPoolsTest, ARemovedPoolHearsNothingMore) {
  pools->add(listeners("mail", {"EVENT"}));
  pools->remove("mail");
  EXPECT_FALSE(pools->is_listened_to());
  emit("a");
  pools->hear("mail", kOut, "READY\n");
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_EQ(foster::testing::contents_of(directory.path("events.json")), "");
}

TEST_F(EventPoolsTest, AReloadBeginsAnewButForTheNumbers) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}));
  emit("a");
  pools->clear();
  EXPECT_EQ(foster::testing::contents_of(directory.path("events.json")), "");
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}));
  run("mail");
  say("mail", "READY\n");
  EXPECT_THAT(told(), IsEmpty());
  emit("b");
  EXPECT_THAT(told(), ElementsAre("mail 1/0 REMOTE_COMMUNICATION type:t\nb"));
}

TEST_F(EventPoolsTest, NothingIsStoredWhereNobodyListens) {
  pools->add(program("web"));
  run("web");
  end("web", 0);
  EXPECT_EQ(foster::testing::contents_of(directory.path("events.json")), "");
}

TEST_F(EventPoolsTest, ANewSupervisorGoesOnWithAllOfIt) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION", "PROCESS_STATE"}));
  run("mail");
  say("mail", "READY\n");
  (void)told();
  say("mail", "RESULT 2\nOKREADY\n");
  (void)told();
  emit("waits");
  say("mail", "RESULT 2\nO");
  begin();
  pools->take_up({listeners("mail", {"REMOTE_COMMUNICATION", "PROCESS_STATE"})});
  pools->keep();
  EXPECT_THAT(told(), IsEmpty()) << "it is busy";
  pools->note({.id = last_row,
               .time = {},
               .name = "mail",
               .from = core::State::starting,
               .to = core::State::running,
               .run = 1,
               .cause = {}});  // once more
  say("mail", "KREADY\n");
  EXPECT_THAT(told(), ElementsAre("mail 2/2 REMOTE_COMMUNICATION type:t\nwaits"));
}

TEST_F(EventPoolsTest, WhatMayNotHaveBeenSentIsSentAgain) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}));
  run("mail");
  say("mail", "READY\n");
  emit("a");
  ASSERT_THAT(told(), SizeIs(1));
  // The supervisor is lost between the two.
  foster::testing::write_file(directory.path("events.json"), stored_when_sent);
  begin();
  pools->take_up({listeners("mail", {"REMOTE_COMMUNICATION"})});
  pools->keep();
  EXPECT_THAT(told(), ElementsAre("mail 0/0 REMOTE_COMMUNICATION type:t\na"));
  say("mail", "RESULT 2\nOKREADY\n");
  say("mail", "RESULT 2\nOKREADY\n");
  emit("b");
  EXPECT_THAT(told(), ElementsAre("mail 1/1 REMOTE_COMMUNICATION type:t\nb")) << "two answers are no offence";
}

TEST_F(EventPoolsTest, WhatIsHeardOnceMoreIsNotTakenForNew) {
  pools->add(listeners("mail", {"REMOTE_COMMUNICATION"}));
  run("mail");
  say("mail", "READY\n");
  begin();
  pools->take_up({listeners("mail", {"REMOTE_COMMUNICATION"})});
  missed["mail"] = "READY\n";
  emit("a");
  EXPECT_THAT(told(), ElementsAre("mail 0/0 REMOTE_COMMUNICATION type:t\na"));
  pools->hear("mail", kOut, "RESULT 2\nOK");
  begin();
  pools->take_up({listeners("mail", {"REMOTE_COMMUNICATION"})});
  missed["mail"] = "RESULT 2\nOKREADY\n";
  emit("b");
  EXPECT_THAT(told(), ElementsAre("mail 1/1 REMOTE_COMMUNICATION type:t\nb"));
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(EventPoolsTest, ADamagedMemoryIsToldAndDoneWithout) {
  foster::testing::write_file(directory.path("events.json"), "{\"version\":1}");
  pools->take_up({listeners("mail", {"EVENT"})});
  EXPECT_THAT(log, ElementsAre(HasSubstr("what event listeners were told")));
  EXPECT_TRUE(pools->is_listened_to());
}

TEST_F(EventPoolsTest, TicksComeWhenTheirTimeHasCome) {
  now = std::chrono::system_clock::time_point(1'800'000'004s) + 990ms;
  pools->add(listeners("clock", {"TICK_5"}));
  run("clock");
  pools->hear("clock", kOut, "READY\n");
  pools->keep();
  now += 30ms;
  bool is_told = false;
  std::function<void()> wait = [&] {
    is_told = !sent.empty();
    if (is_told) return loop.stop();
    loop.post([&] { wait(); });
  };
  loop.post([&] { wait(); });
  loop.run();
  EXPECT_THAT(told(), ElementsAre("clock 0/0 TICK_5 when:1800000005"));
}

TEST(EventMemoryText, IsReadAsItWasWritten) {
  EventMemory memory{.next_serial = 7, .last_row = 9};
  memory.ticks[EventType::tick_60] = 30'000'000;
  memory.processes["web"] = {.state = compat::ProcessState::backoff, .tries = 2, .pid = 11};
  PoolMemory& pool = memory.pools["mail"];
  pool.next_serial = 3;
  pool.buffer.push_back({{EventType::process_log_stdout, "gr\xc3\xbc\xc3\x9f\n"}, 5, 1});
  ListenerMemory& listener = pool.listeners["mail:0"];
  listener.conversation = {
      .state = compat::ListenerState::busy, .unread = "\xff", .missing = 4, .result = "FA", .may_repeat_itself = true};
  listener.event = compat::PooledEvent{{EventType::tick_5, "when:5"}, 6, 2};
  listener.is_sending = true;
  listener.heard = "READY\n";
  const auto read = event_memory_from(to_json(memory));
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, memory);
}

}  // namespace
}  // namespace foster::supervisor::supervisord
