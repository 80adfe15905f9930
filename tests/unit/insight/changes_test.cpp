#include "insight/changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace foster::insight {
namespace {

using ::testing::ElementsAre;

Process process_with(pid_t pid, pid_t parent, pid_t session, const std::string& name = "sh") {
  Process process;
  process.pid = Pid(pid);
  process.parent = Pid(parent);
  process.group = Pgid(session);
  process.session = Sid(session);
  process.start_ticks = static_cast<std::uint64_t>(pid);
  process.name = name;
  return process;
}

Known known(const std::vector<Process>& processes) {
  Known all;
  for (const Process& process : processes) all.emplace(process.pid.number(), process);
  return all;
}

std::vector<std::string> texts(const Known& before, const Known& now, std::optional<Pid> adopter = {}) {
  std::vector<std::string> words;
  for (const Change& change : changes_between(before, now, adopter)) words.push_back(change.text);
  return words;
}

TEST(ChangesBetween, TellADoubleForkStepByStep) {
  const Process launcher = process_with(10, 5, 5);
  EXPECT_THAT(texts(known({launcher}), known({launcher, process_with(11, 10, 5)})),
              ElementsAre("sh (11) was forked by 10"));
  EXPECT_THAT(texts(known({launcher, process_with(11, 10, 5)}),
                    known({launcher, process_with(11, 10, 11), process_with(12, 11, 11)})),
              ElementsAre("sh (12) was forked by 11", "11 made session 11"));
  EXPECT_THAT(
      texts(known({process_with(11, 10, 11), process_with(12, 11, 11)}), known({process_with(12, 1, 11, "served")})),
      ElementsAre("12 lost its parent, and was adopted by 1", "12 became served", "sh (11) ended"));
}

TEST(ChangesBetween, APidThatIsUsedAgainIsAnEndAndABirth) {
  Process again = process_with(10, 5, 5);
  again.start_ticks = 99;
  EXPECT_THAT(texts(known({process_with(10, 5, 5)}), known({again})),
              ElementsAre("sh (10) is there, a child of 5", "sh (10) ended"));
}

TEST(ChangesBetween, ANewcomerBelowTheAdopterHasLostItsParent) {
  EXPECT_THAT(texts({}, known({process_with(12, 7, 11)}), Pid(7)),
              ElementsAre("sh (12) is there, and lost its parent"));
}

TEST(Below, FollowsWhoeverWasSeenOnceAndForgetsZombies) {
  Process zombie = process_with(13, 12, 11);
  zombie.state = ProcessState::zombie;
  const ProcessTable table(
      {process_with(1, 0x7fff, 1), process_with(12, 1, 11), zombie, process_with(14, 12, 11), process_with(20, 1, 20)});
  const Known found = below(table, {Pid(10)}, known({process_with(12, 11, 11)}));
  EXPECT_EQ(found.size(), 2U);
  EXPECT_TRUE(found.contains(12) && found.contains(14));
}

}  // namespace
}  // namespace foster::insight
