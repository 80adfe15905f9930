#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger.hpp"
#include "unit/ledger/ledger_directory.hpp"

namespace foster::ledger {
namespace {

using testing::kBoot;
using testing::TemporaryDirectory;

/// What a child does between clone and exec.
bool claim(ClaimWord* word, std::uint64_t expected, pid_t pid) {
  return word->compare_exchange_strong(expected, expected | static_cast<std::uint32_t>(pid));
}

class ClaimTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  Ledger ledger_ = Ledger::open(directory_.fd(), "shop", kBoot).value();
};

TEST_F(ClaimTest, APublishedSlotBelongsToNobodyUntilAChildClaimsIt) {
  const std::uint64_t open = ledger_.publish(9);
  EXPECT_EQ(ledger_.claimed_by(9), std::nullopt);
  EXPECT_TRUE(claim(ledger_.claim_word(9), open, 4711));
  EXPECT_EQ(ledger_.claimed_by(9), Pid(4711));
  EXPECT_EQ(ledger_.claimed_by(8), std::nullopt);
}

TEST_F(ClaimTest, OnlyOneChildClaimsATicket) {
  const std::uint64_t open = ledger_.publish(9);
  EXPECT_TRUE(claim(ledger_.claim_word(9), open, 1));
  EXPECT_FALSE(claim(ledger_.claim_word(9), open, 2));
  EXPECT_EQ(ledger_.claimed_by(9), Pid(1));
}

TEST_F(ClaimTest, ARevokedTicketMakesAChildOnItsWayLose) {
  const std::uint64_t open = ledger_.publish(9);
  EXPECT_EQ(ledger_.revoke(9), std::nullopt);
  EXPECT_FALSE(claim(ledger_.claim_word(9), open, 4711));
  EXPECT_EQ(ledger_.claimed_by(9), std::nullopt);
}

TEST_F(ClaimTest, RevokeGivesThePidOfAChildThatWasQuicker) {
  const std::uint64_t open = ledger_.publish(9);
  ASSERT_TRUE(claim(ledger_.claim_word(9), open, 4711));
  EXPECT_EQ(ledger_.revoke(9), Pid(4711));
  EXPECT_EQ(ledger_.claimed_by(9), Pid(4711)) << "it still runs";
}

TEST_F(ClaimTest, AClearedSlotAcceptsNoOldTicket) {
  const std::uint64_t open = ledger_.publish(9);
  ASSERT_TRUE(claim(ledger_.claim_word(9), open, 4711));
  ledger_.clear(9);
  EXPECT_EQ(ledger_.claimed_by(9), std::nullopt);
  EXPECT_FALSE(claim(ledger_.claim_word(9), open, 4712));
}

TEST_F(ClaimTest, AnErasedSlotKeepsCountingItsTickets) {
  const std::uint64_t before = ledger_.publish(9);
  ASSERT_TRUE(ledger_.store(9, testing::entry_of("web")));
  ASSERT_TRUE(ledger_.erase(9));
  EXPECT_GT(ledger_.publish(9), before);
}

TEST_F(ClaimTest, TicketsBeginAgainAfterTheLast) {
  ledger_.claim_word(9)->store(0xffffffff00000000U);
  EXPECT_EQ(ledger_.publish(9), 0U);
  EXPECT_TRUE(claim(ledger_.claim_word(9), 0, 4711));
  EXPECT_EQ(ledger_.claimed_by(9), Pid(4711));
}

TEST_F(ClaimTest, TheLastSlotIsAsGoodAsTheFirst) {
  for (const Slot slot : {Slot{0}, kSlots - 1}) {
    ASSERT_TRUE(claim(ledger_.claim_word(slot), ledger_.publish(slot), 77));
    EXPECT_EQ(ledger_.claimed_by(slot), Pid(77));
  }
}

TEST_F(ClaimTest, AClaimMadeInAnotherProcessIsSeenHere) {
  const std::uint64_t open = ledger_.publish(9);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(claim(ledger_.claim_word(9), open, ::getpid()) ? 0 : 1);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(ledger_.claimed_by(9), Pid(child));
}

// The race that decides whether a service can run twice: a child on its way against a recovering supervisor.
TEST_F(ClaimTest, InARaceExactlyOneOfChildAndRevokerWins) {
  constexpr int kRounds = 300;
  int won_by_child = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t open = ledger_.publish(9);
    int go[2];
    ASSERT_EQ(::pipe(go), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      char byte = 0;
      (void)!::read(go[0], &byte, 1);
      ::_exit(claim(ledger_.claim_word(9), open, ::getpid()) ? 0 : 1);
    }
    ASSERT_EQ(::write(go[1], "x", 1), 1);
    if (round % 2 == 1) ::usleep(50);  // pace: either side wins some rounds
    const std::optional<Pid> quicker = ledger_.revoke(9);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    const bool child_won = WEXITSTATUS(status) == 0;
    EXPECT_EQ(child_won, quicker == Pid(child)) << "round " << round;
    won_by_child += child_won ? 1 : 0;
    ::close(go[0]);
    ::close(go[1]);
  }
  RecordProperty("won_by_child", won_by_child);
}

}  // namespace
}  // namespace foster::ledger
