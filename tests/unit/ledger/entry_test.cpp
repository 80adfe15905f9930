#include "ledger/entry.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "core/cause.hpp"
#include "ledger/ledger.hpp"
#include "unit/ledger/ledger_directory.hpp"

namespace foster::ledger {
namespace {

using ::testing::ElementsAre;
using testing::entry_of;
using ::testing::HasSubstr;
using testing::kBoot;
using testing::TemporaryDirectory;

TEST(EntryCoding, GivesBackEveryMember) {
  Entry entry = entry_of("web");
  entry.record.failures[15] = -5;
  std::strcpy(entry.record.cause_detail, "requested by root");
  const auto decoded = decode(encode(entry));
  ASSERT_TRUE(decoded) << to_string(decoded.error());
  EXPECT_EQ(std::memcmp(&decoded->record, &entry.record, sizeof entry.record), 0);
  EXPECT_EQ(decoded->main_process, entry.main_process);
  EXPECT_EQ(decoded->notes, entry.notes);
}

TEST(EntryCoding, ZerosAreAFreeSlot) {
  EXPECT_EQ(decode(StoredEntry{}).error().code, ENOENT);
}

TEST(EntryCoding, EverySingleFlippedBitIsNoticed) {
  const StoredEntry good = encode(entry_of("web"));
  for (std::size_t bit = 0; bit < sizeof good * 8; ++bit) {
    StoredEntry bad = good;
    auto* const bytes = reinterpret_cast<unsigned char*>(&bad);
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(decode(bad)) << "bit " << bit;
  }
}

TEST(EntryValidation, NamesTheMemberThatMeansNothing) {
  struct Case {
    const char* member;
    std::function<void(Entry&)> spoil;
  };
  const Case cases[] = {
      {"service", [](Entry& entry) { std::memset(entry.record.service, 'x', sizeof entry.record.service); }},
      {"service", [](Entry& entry) { entry.record.service[0] = '\0'; }},
      {"cause_detail",
       [](Entry& entry) { std::memset(entry.record.cause_detail, 'x', sizeof entry.record.cause_detail); }},
      {"state", [](Entry& entry) { entry.record.state = core::kStates; }},
      {"wanted", [](Entry& entry) { entry.record.wanted = 2; }},
      {"cause_kind", [](Entry& entry) { entry.record.cause_kind = 200; }},
      {"exit_kind", [](Entry& entry) { entry.record.exit_kind = 3; }},
      {"exit_status", [](Entry& entry) { entry.record.exit_kind = 1, entry.record.exit_status = 0x137f; }},
      {"failure_count", [](Entry& entry) { entry.record.failure_count = core::kMaxFailures + 1; }},
      {"main_pid", [](Entry& entry) { entry.record.main_pid = -1; }},
      {"main_process", [](Entry& entry) { entry.main_process.pid = -1; }},
  };
  for (const Case& spoiled : cases) {
    Entry entry = entry_of("web");
    ASSERT_TRUE(validate(entry));
    spoiled.spoil(entry);
    const auto valid = validate(entry);
    ASSERT_FALSE(valid) << spoiled.member;
    EXPECT_EQ(valid.error().detail, spoiled.member);
    EXPECT_EQ(decode(encode(entry)).error().detail, spoiled.member) << "what is read is validated too";
  }
}

TEST(EntryValidation, AcceptsEveryCauseAndEveryState) {
  Entry entry = entry_of("web");
  for (std::uint8_t state = 0; state < core::kStates; ++state) {
    entry.record.state = state;
    EXPECT_TRUE(validate(entry));
  }
  for (std::uint8_t kind = 0; kind <= static_cast<std::uint8_t>(core::CauseKind::recovered); ++kind) {
    entry.record.cause_kind = kind;
    EXPECT_TRUE(validate(entry)) << int{kind};
  }
}

class LedgerEntriesTest : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  Ledger ledger_ = Ledger::open(directory_.fd(), "shop", kBoot).value();
};

TEST_F(LedgerEntriesTest, OccupiedSlotsComeInOrderWhereverTheyLie) {
  for (const Slot slot : {kSlots - 1, Slot{0}, Slot{7}, Slot{8}, Slot{1000}}) {
    ASSERT_TRUE(ledger_.store(slot, entry_of("web")));
  }
  EXPECT_THAT(ledger_.occupied().value(), ElementsAre(0, 7, 8, 1000, kSlots - 1));
  ASSERT_TRUE(ledger_.erase(7));
  EXPECT_THAT(ledger_.occupied().value(), ElementsAre(0, 8, 1000, kSlots - 1));
  EXPECT_EQ(ledger_.load(7).error().code, ENOENT);
}

TEST_F(LedgerEntriesTest, AnEntryThatMeansNothingIsNotStored) {
  ASSERT_TRUE(ledger_.store(3, entry_of("web")));
  Entry bad = entry_of("web");
  bad.record.state = 99;
  EXPECT_EQ(ledger_.store(3, bad).error().detail, "state");
  EXPECT_TRUE(ledger_.load(3));
}

TEST_F(LedgerEntriesTest, ADamagedEntryIsAnErrorOfItsSlotAlone) {
  for (Slot slot = 0; slot < 3; ++slot) ASSERT_TRUE(ledger_.store(slot, entry_of("web")));
  const UniqueFd file(::open(directory_.ledger_path().c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::pwrite(file.get(), "garbage", 7, static_cast<off_t>(kEntriesOffset + kEntrySize + 80)), 7);
  const auto damaged = ledger_.load(1);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, EBADMSG);
  EXPECT_THAT(damaged.error().detail, HasSubstr("slot 1"));
  EXPECT_TRUE(ledger_.load(0));
  EXPECT_TRUE(ledger_.load(2));
  EXPECT_THAT(ledger_.occupied().value(), ElementsAre(0, 1, 2));
}

TEST_F(LedgerEntriesTest, TheRecordsAreNotMappedAndCostNoMemory) {
  for (Slot slot = 0; slot < kSlots; ++slot) ASSERT_TRUE(ledger_.store(slot, entry_of("web")));
  EXPECT_EQ(ledger_.occupied()->size(), kSlots);
  EXPECT_EQ(sizeof(Shared), kEntriesOffset);
}

// A writer that is killed at any instant leaves an old entry or a new one.
TEST_F(LedgerEntriesTest, AWriterKilledAtRandomTearsNoEntry) {
  constexpr int kKills = 60;
  unsigned seed = 1;
  for (int kill = 0; kill < kKills; ++kill) {
    const pid_t writer = ::fork();
    if (writer == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      Entry entry = entry_of("a");
      for (std::uint32_t run = 1;; ++run) {
        entry.record.run = run;
        std::memset(entry.record.cause_detail, 'a' + static_cast<int>(run % 26), 150);
        (void)ledger_.store(run % 8, entry);
      }
    }
    seed = seed * 1103515245 + 12345;
    ::usleep(200 + seed / 65536 % 3000);  // pace: killed anywhere in its work
    ASSERT_EQ(::kill(writer, SIGKILL), 0);
    ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);
    for (Slot slot = 0; slot < 8; ++slot) {
      const auto entry = ledger_.load(slot);
      EXPECT_TRUE(entry || entry.error().code == ENOENT) << to_string(entry.error());
    }
  }
}

}  // namespace
}  // namespace foster::ledger
