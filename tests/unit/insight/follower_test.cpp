// Events to changes, over processes that are values.
#include "insight/follower.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace foster::insight {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A machine with one process that is watched, 10 in session 5.
class FollowerTest : public ::testing::Test {
 protected:
  FollowerTest() { (void)follower.look_anew(ProcessTable({machine.at(10)}), 1s); }

  static Process process_with(pid_t pid, pid_t parent, pid_t session, const std::string& name = "sh") {
    Process process;
    process.pid = Pid(pid);
    process.parent = Pid(parent);
    process.group = Pgid(session);
    process.session = Sid(session);
    process.start_ticks = static_cast<std::uint64_t>(pid) * 10;
    process.name = name;
    return process;
  }

  std::vector<std::string> texts(pid_t process, const decltype(sys::ProcessEvent::what)& what, pid_t thread = 0,
                                 std::chrono::nanoseconds time = 2s) {
    std::vector<std::string> words;
    for (const Change& change :
         follower.hear({.process = process, .thread = thread != 0 ? thread : process, .time = time, .what = what})) {
      words.push_back(change.text);
    }
    return words;
  }

  std::map<pid_t, Process> machine{{10, process_with(10, 5, 5)}};
  Follower follower{{Pid(10)}, [this](Pid pid) -> std::optional<Process> {
                      const auto found = machine.find(pid.number());
                      return found != machine.end() ? std::optional(found->second) : std::nullopt;
                    }};
};

TEST_F(FollowerTest, TellsADoubleForkStepByStep) {
  machine[11] = process_with(11, 10, 5);
  EXPECT_THAT(texts(11, sys::Forked{10}), ElementsAre("sh (11) was forked by 10"));
  EXPECT_THAT(texts(11, sys::SessionMade{}), ElementsAre("11 made session 11"));
  machine[12] = process_with(12, 11, 11);
  EXPECT_THAT(texts(12, sys::Forked{11}), ElementsAre("sh (12) was forked by 11"));
  machine.erase(11);
  machine[12].parent = Pid(1);
  EXPECT_THAT(texts(11, sys::Ended{Exited{0}}),
              ElementsAre("12 lost its parent, and was adopted by 1", "sh (11) exited with code 0"));
  machine[12] = process_with(12, 1, 11, "served");
  EXPECT_THAT(texts(12, sys::Executed{}), ElementsAre("12 became served"));
  machine.clear();
  EXPECT_THAT(texts(12, sys::Ended{Killed{*Signal::from_number(SIGTERM)}}),
              ElementsAre("served (12) was killed by SIGTERM"));
  EXPECT_THAT(texts(10, sys::Ended{Exited{1}}), ElementsAre("sh (10) exited with code 1"));
  EXPECT_TRUE(follower.known().empty());
}

TEST_F(FollowerTest, WhatIsGoneBeforeTheLookIsToldAllTheSame) {
  EXPECT_THAT(texts(11, sys::Forked{10}), ElementsAre("sh (11) was forked by 10"));
  EXPECT_THAT(texts(11, sys::Executed{}),
              ElementsAre("11 became another program, and was gone before one could see which"));
  EXPECT_THAT(texts(11, sys::Ended{Exited{0}}), ElementsAre("sh (11) exited with code 0"));
}

TEST_F(FollowerTest, AStrangerWithTheNumberOfOneThatIsGoneIsNotTakenForIt) {
  machine[11] = process_with(11, 10, 5);
  (void)texts(11, sys::Forked{10});
  machine[11] = process_with(11, 1, 900, "stranger");
  machine[11].start_ticks = 9999;
  EXPECT_THAT(texts(11, sys::Executed{}),
              ElementsAre("11 became another program, and was gone before one could see which"));
  EXPECT_THAT(texts(11, sys::Ended{Exited{0}}), ElementsAre("sh (11) exited with code 0"));
}

TEST_F(FollowerTest, OfThreadsOnlyTheLastEndCounts) {
  EXPECT_THAT(texts(10, sys::Forked{10}, 13), IsEmpty());
  EXPECT_THAT(texts(10, sys::Ended{Exited{0}}, 13), IsEmpty());
  machine.at(10).state = ProcessState::zombie;  // its first thread has ended, another goes on
  machine.at(10).threads = 2;
  EXPECT_THAT(texts(10, sys::Ended{Exited{0}}, 10), IsEmpty());
  machine.at(10).threads = 1;
  EXPECT_THAT(texts(10, sys::Ended{Exited{0}}, 14), ElementsAre("sh (10) exited with code 0"));
}

TEST_F(FollowerTest, StrangersAndWhatWasBeforeTheLookMeanNothing) {
  EXPECT_THAT(texts(99, sys::Forked{98}), IsEmpty());
  EXPECT_THAT(texts(99, sys::Executed{}), IsEmpty());
  EXPECT_THAT(texts(10, sys::SessionMade{}, 10, 500ms), IsEmpty());
  EXPECT_THAT(texts(10, sys::SessionMade{}), ElementsAre("10 made session 10"));
  EXPECT_THAT(texts(10, sys::SessionMade{}), IsEmpty()) << "it leads it already";
}

TEST_F(FollowerTest, AnExecShowsThatTheShellHasPutItIntoAGroup) {
  machine[11] = process_with(11, 10, 5);
  (void)texts(11, sys::Forked{10});
  machine[11] = process_with(11, 10, 5, "vi");
  machine[11].group = Pgid(11);
  EXPECT_THAT(texts(11, sys::Executed{}), ElementsAre("11 went to group 11", "11 became vi"));
}

TEST_F(FollowerTest, UsersNamesAndCoreDumpsAreTold) {
  using Which = sys::IdsChanged::Which;
  EXPECT_THAT(texts(10, sys::IdsChanged{Which::user, 33, 33}), ElementsAre("10 became user 33"));
  EXPECT_THAT(texts(10, sys::IdsChanged{Which::group, 0, 33}),
              ElementsAre("10 became a member of group 33, but is 0 by birth"));
  EXPECT_THAT(texts(10, sys::IdsChanged{Which::user, 33, 33}, 13), IsEmpty()) << "only one thread of several";
  EXPECT_THAT(texts(10, sys::Renamed{"worker"}), ElementsAre("sh (10) calls itself worker"));
  EXPECT_THAT(texts(10, sys::CoreDumped{}), ElementsAre("worker (10) got a signal that dumps core"));
}

TEST_F(FollowerTest, ALookAfterLostEventsTellsWhatIsDifferent) {
  const ProcessTable table({process_with(10, 5, 10), process_with(11, 10, 10)});
  std::vector<std::string> words;
  for (const Change& change : follower.look_anew(table, 3s)) words.push_back(change.text);
  EXPECT_THAT(words, ElementsAre("sh (11) was forked by 10", "10 made session 10"));
  EXPECT_THAT(texts(11, sys::Forked{10}), IsEmpty()) << "older than the look";
  machine[11] = process_with(11, 10, 10);
  EXPECT_THAT(texts(11, sys::Forked{10}, 0, 4s), IsEmpty()) << "the look has seen it already";
}

}  // namespace
}  // namespace foster::insight
