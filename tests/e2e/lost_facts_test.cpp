// Recovery where the ledger knows less than happened: the moments between two steps of a supervisor, written into the
// ledger as a kill at that moment would have left it.
#include <fcntl.h>

#include <csignal>

#include "core/state.hpp"
#include "e2e/harness.hpp"
#include "ledger/ledger.hpp"
#include "sys/clock.hpp"
#include "sys/files.hpp"

namespace foster::e2e {
namespace {

constexpr const char* kSleeper =
    "command = [\"sleep\", \"1000\"]\nstart-seconds = \"10ms\"\nlimit = \"none\"\n"
    "backoff = { initial = \"10ms\", max = \"10ms\" }\n";

class LostFacts : public ::testing::Test {
 protected:
  LostFacts() {
    foster.write_config(std::string("[service.web]\n") + kSleeper + "[service.other]\n" + kSleeper);
    foster.up();
    const auto info = foster.info();
    reaper = static_cast<pid_t>(info.at("reaper").as_int64());
    supervisor = static_cast<pid_t>(info.at("supervisor").as_int64());
    runtime = info.at("runtime_dir").as_string().c_str();
    web = foster.pid_of("web");
  }

  ledger::Ledger open_ledger() const {
    const auto directory = sys::open_file(runtime, O_RDONLY | O_DIRECTORY).value();
    return ledger::Ledger::open(directory, "test", sys::boot_id().value()).value();
  }

  /// The slot of web.
  static ledger::Slot slot_of_web(const ledger::Ledger& ledger) {
    const auto slots = ledger.occupied().value();
    for (const ledger::Slot slot : slots) {
      const auto entry = ledger.load(slot);
      if (entry && std::string(entry->record.service) == "web") return slot;
    }
    ADD_FAILURE() << "web has no slot";
    return 0;
  }

  template <class Change>
  void change_entry(Change change) const {
    auto ledger = open_ledger();
    const ledger::Slot slot = slot_of_web(ledger);
    ledger::Entry entry = ledger.load(slot).value();
    change(entry, *ledger.claim_word(slot));
    ASSERT_TRUE(ledger.store(slot, entry));
  }

  /// As it was before the supervisor heard of the pid.
  static void make_unanswered(ledger::Entry& entry) {
    entry.record.state = static_cast<std::uint8_t>(core::State::starting);
    entry.record.phase = 0;
    entry.record.main_pid = 0;
    entry.main_process = {};
    entry.notes[1] &= 0xffffffff00000000U;  // of no run yet
  }

  void lose_both() {
    ::kill(reaper, SIGSTOP);
    ::kill(supervisor, SIGKILL);
    ::kill(reaper, SIGKILL);
    ASSERT_TRUE(wait_until([&] { return !is_alive(reaper) && !is_alive(supervisor); }));
  }

  void expect_second_run() {
    EXPECT_TRUE(foster.wait_until([&] {
      const Row row = foster.row("web");
      return row.run == 2 && row.state == "running" && row.pid != web;
    }));
  }

  Foster foster;
  pid_t reaper = 0;
  pid_t supervisor = 0;
  pid_t web = 0;
  std::string runtime;
};

TEST_F(LostFacts, AServiceThatEndedWhileBothWereLostIsStartedAgain) {
  lose_both();
  ::kill(web, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(web); }));
  foster.up();
  expect_second_run();
  EXPECT_EQ(foster.run({"stop", "web"}).code, 0);
}

TEST_F(LostFacts, WhatARunLeftThatNobodyHeardOfIsGoneBeforeTheNext) {
  foster.write_config(
      "[service.web]\ncommand = [\"sh\", \"-c\", \"sleep 1001 & echo $! > left; exec sleep 1000\"]\n"
      "start-seconds = \"10ms\"\nlimit = \"none\"\nbackoff = { initial = \"10ms\", max = \"10ms\" }\n");
  foster.up();
  web = foster.pid_of("web");
  const unsigned run = foster.row("web").run;
  ASSERT_TRUE(wait_until([&] { return !first_line_of(foster.path("left")).empty(); }));
  const pid_t left = std::stoi(first_line_of(foster.path("left")));
  lose_both();
  ::kill(web, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(web); }));
  EXPECT_TRUE(is_alive(left));
  change_entry([](ledger::Entry& entry, ledger::ClaimWord&) { make_unanswered(entry); });
  foster.up();
  EXPECT_TRUE(foster.wait_until([&] { return foster.row("web").run == run + 1; }));
  EXPECT_FALSE(is_alive(left));
}

TEST_F(LostFacts, AClaimIsClearedWithItsRun) {
  ASSERT_EQ(foster.run({"stop", "web"}).code, 0);
  const auto ledger = open_ledger();
  EXPECT_EQ(ledger.claimed_by(slot_of_web(ledger)), std::nullopt);
}

TEST_F(LostFacts, AClaimedNumberThatIsAStrangersNowIsNotTakenUp) {
  lose_both();
  ::kill(web, SIGKILL);
  // The supervisor had published and not heard of the pid; its owner is gone, and somebody else has the number.
  Running stranger({"sleep", "1000"}, {});
  change_entry([&](ledger::Entry& entry, ledger::ClaimWord& claim) {
    make_unanswered(entry);
    claim.store((claim.load() & 0xffffffff00000000U) | static_cast<std::uint32_t>(stranger.pid()));
  });
  foster.up();
  EXPECT_TRUE(foster.wait_until([&] { return foster.row("web").state == "running"; }));
  EXPECT_NE(foster.pid_of("web"), stranger.pid());
  ASSERT_EQ(foster.run({"stop", "*"}).code, 0);
  EXPECT_TRUE(is_alive(stranger.pid()));
  stranger.signal(SIGKILL);
}

TEST_F(LostFacts, AClaimedProcessOfOursIsTakenUpAfterBothWereLost) {
  lose_both();
  change_entry([](ledger::Entry& entry, ledger::ClaimWord&) { make_unanswered(entry); });
  foster.up();
  EXPECT_EQ(foster.pid_of("web"), web);
  EXPECT_EQ(foster.row("web").run, 1U);
}

TEST_F(LostFacts, AnExitIsAppliedToARunWhoseProcessWasNeverProved) {
  ::kill(supervisor, SIGSTOP);
  ::kill(web, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return state_of(web) == 0; })) << "the reaper must have told and reaped";
  change_entry([&](ledger::Entry& entry, ledger::ClaimWord&) { entry.main_process = {}; });
  ::kill(supervisor, SIGKILL);
  expect_second_run();
}

TEST_F(LostFacts, ANumberThatAnotherChildHasNowTellsNothing) {
  ::kill(supervisor, SIGSTOP);
  const pid_t other = [&] {
    for (const pid_t child : children_of(reaper)) {
      if (child != supervisor && child != web) return child;
    }
    return 0;
  }();
  change_entry([&](ledger::Entry& entry, ledger::ClaimWord&) {
    entry.main_process = {.pid = other, .start_time = 1, .inode = 1};
    entry.record.main_pid = other;
  });
  ::kill(supervisor, SIGKILL);
  EXPECT_TRUE(foster.wait_until([&] { return foster.row("web").run == 2; }));
  EXPECT_TRUE(is_alive(other));
}

TEST_F(LostFacts, AnAdoptionThatWasBegunIsCompleted) {
  Running stranger({"sleep", "1000"}, {});
  ASSERT_TRUE(wait_until([&] { return sys::read_cmdline(Pid(stranger.pid())).size() == 2; }));
  ASSERT_EQ(foster.run({"adopt", std::to_string(stranger.pid()), "-n", "stray", "--", "sleep", "2000"}).code, 0);
  ::kill(reaper, SIGSTOP);
  ::kill(supervisor, SIGKILL);
  ASSERT_TRUE(wait_until([&] { return !is_alive(supervisor); }));
  {
    auto ledger = open_ledger();
    const auto slots = ledger.occupied().value();
    for (const ledger::Slot slot : slots) {
      ledger::Entry entry = ledger.load(slot).value();
      if (std::string(entry.record.service) != "stray") continue;
      entry.record.state = static_cast<std::uint8_t>(core::State::starting);
      entry.record.phase = 0;
      entry.record.main_pid = 0;
      entry.record.ready_since = 0;
      ASSERT_TRUE(ledger.store(slot, entry));
    }
  }
  ::kill(reaper, SIGCONT);
  ASSERT_TRUE(foster.wait_for_state("stray", "running"));
  EXPECT_EQ(foster.pid_of("stray"), stranger.pid());
  EXPECT_EQ(foster.row("stray").run, 1U);
}

}  // namespace
}  // namespace foster::e2e
