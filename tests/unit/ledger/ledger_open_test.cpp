#include "ledger/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "sys/clock.hpp"
#include "unit/ledger/ledger_directory.hpp"

namespace foster::ledger {
namespace {

using ::testing::ElementsAre;
using testing::entry_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kBoot;
using testing::kOtherBoot;
using testing::TemporaryDirectory;

void overwrite(const std::filesystem::path& path, std::streamoff offset, const std::string& bytes) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(offset);
  file << bytes;
}

TEST(LedgerOpen, ADirectoryWithoutOneGetsAFreshLedgerOfFreeSlots) {
  const TemporaryDirectory directory;
  auto ledger = Ledger::open(directory.fd(), "shop", kBoot);
  ASSERT_TRUE(ledger) << to_string(ledger.error());
  EXPECT_EQ(ledger->found(), Ledger::Found::fresh);
  EXPECT_EQ(ledger->instance_name(), "shop");
  EXPECT_THAT(ledger->occupied().value(), IsEmpty());
  EXPECT_EQ(ledger->reaper(), std::nullopt);
  EXPECT_EQ(ledger->supervisor_pid(), std::nullopt);
}

TEST(LedgerOpen, TheFileIsReadableForItsOwnerAloneAndNearlyAllHole) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(Ledger::open(directory.fd(), "shop", kBoot));
  struct stat status{};
  ASSERT_EQ(::stat(directory.ledger_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(status.st_size, static_cast<off_t>(kFileSize));
  EXPECT_LE(status.st_blocks * 512, 128 * 1024);
  EXPECT_GE(status.st_blocks * 512, static_cast<off_t>(kEntriesOffset)) << "what is mapped must have its blocks";
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "ledger.new"));
}

TEST(LedgerOpen, TheSecondOneOfTheSameBootFindsEverything) {
  const TemporaryDirectory directory;
  {
    auto first = Ledger::open(directory.fd(), "shop", kBoot).value();
    ASSERT_TRUE(first.store(5, entry_of("web")));
    (void)first.publish(5);
    first.count_recovery();
    first.set_last_exit_sequence(17);
    first.set_reaper({12, 34, 56});
    first.set_supervisor_pid(Pid(13));
  }
  auto second = Ledger::open(directory.fd(), "shop", kBoot).value();
  EXPECT_EQ(second.found(), Ledger::Found::same_boot);
  EXPECT_THAT(second.occupied().value(), ElementsAre(5));
  EXPECT_STREQ(second.load(5)->record.service, "web");
  EXPECT_EQ(second.claim_word(5)->load(), std::uint64_t{1} << 32);
  EXPECT_EQ(second.recoveries(), 1);
  EXPECT_EQ(second.last_exit_sequence(), 17);
  EXPECT_EQ(second.reaper(), (sys::ProcessIdentity{12, 34, 56}));
  EXPECT_EQ(second.supervisor_pid(), Pid(13));
}

TEST(LedgerOpen, OneOfAnEarlierBootIsReplacedByAFreshOne) {
  const TemporaryDirectory directory;
  {
    auto old = Ledger::open(directory.fd(), "shop", kOtherBoot).value();
    ASSERT_TRUE(old.store(5, entry_of("web")));
    old.count_recovery();
  }
  auto fresh = Ledger::open(directory.fd(), "shop", kBoot).value();
  EXPECT_EQ(fresh.found(), Ledger::Found::fresh);
  EXPECT_THAT(fresh.occupied().value(), IsEmpty());
  EXPECT_EQ(fresh.recoveries(), 0);
}

TEST(LedgerOpen, ANewerLayoutIsRefusedWithBothVersionsAndLeftAlone) {
  const TemporaryDirectory directory;
  {
    ASSERT_TRUE(Ledger::open(directory.fd(), "shop", kBoot));
  }
  overwrite(directory.ledger_path(), offsetof(Header, version), std::string("\x07\0\0\0", 4));
  for (int i = 0; i < 2; ++i) {
    const auto ledger = Ledger::open(directory.fd(), "shop", kBoot);
    ASSERT_FALSE(ledger);
    EXPECT_EQ(ledger.error().code, ENOTSUP);
    EXPECT_THAT(ledger.error().detail, HasSubstr("layout 7, this one knows up to 1"));
  }
}

TEST(LedgerOpen, ANewerLayoutOfAnEarlierBootIsOnlyReplaced) {
  const TemporaryDirectory directory;
  {
    ASSERT_TRUE(Ledger::open(directory.fd(), "shop", kOtherBoot));
  }
  overwrite(directory.ledger_path(), offsetof(Header, version), std::string("\x07\0\0\0", 4));
  EXPECT_EQ(Ledger::open(directory.fd(), "shop", kBoot)->found(), Ledger::Found::fresh);
}

TEST(LedgerOpen, AFileThatIsNoLedgerIsRefused) {
  const TemporaryDirectory directory;
  for (const std::string& content : {std::string(), std::string("hello"), std::string(300000, 'x')}) {
    std::ofstream(directory.ledger_path()) << content;
    const auto ledger = Ledger::open(directory.fd(), "shop", kBoot);
    ASSERT_FALSE(ledger) << content.size();
    EXPECT_EQ(ledger.error().code, EBADMSG);
    EXPECT_EQ(std::filesystem::file_size(directory.ledger_path()), content.size());
  }
}

TEST(LedgerOpen, ATruncatedLedgerIsRefusedInsteadOfMapped) {
  const TemporaryDirectory directory;
  {
    ASSERT_TRUE(Ledger::open(directory.fd(), "shop", kBoot));
  }
  std::filesystem::resize_file(directory.ledger_path(), kEntriesOffset);
  const auto ledger = Ledger::open(directory.fd(), "shop", kBoot);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error(), (Error{"ledger", EBADMSG, "file size"}));
}

TEST(LedgerOpen, AnotherInstancesLedgerIsRefusedByName) {
  const TemporaryDirectory directory;
  {
    ASSERT_TRUE(Ledger::open(directory.fd(), "shop", kBoot));
  }
  const auto ledger = Ledger::open(directory.fd(), "blog", kBoot);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error(), (Error{"ledger", EINVAL, "belongs to shop"}));
}

TEST(LedgerOpen, ASymlinkIsNotFollowed) {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "elsewhere") << "precious";
  std::filesystem::create_symlink("elsewhere", directory.ledger_path());
  const auto ledger = Ledger::open(directory.fd(), "shop", kBoot);
  ASSERT_FALSE(ledger);
  EXPECT_EQ(ledger.error().code, ELOOP);
}

TEST(LedgerOpen, ATextThatDoesNotFitIsRefusedBeforeAnythingIsMade) {
  const TemporaryDirectory directory;
  EXPECT_EQ(Ledger::open(directory.fd(), std::string(kInstanceNameSize, 'n'), kBoot).error().code, EINVAL);
  EXPECT_EQ(Ledger::open(directory.fd(), "shop", std::string(kBootIdSize, 'b')).error().code, EINVAL);
  EXPECT_EQ(Ledger::open(directory.fd(), "", kBoot).error().code, EINVAL);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(LedgerOpen, TheRealBootIdFits) {
  const TemporaryDirectory directory;
  const auto boot = sys::boot_id();
  ASSERT_TRUE(boot);
  EXPECT_TRUE(Ledger::open(directory.fd(), "shop", *boot));
}

TEST(LedgerHeader, AReaperThatLeftIsNoReaper) {
  const TemporaryDirectory directory;
  auto ledger = Ledger::open(directory.fd(), "shop", kBoot).value();
  ledger.set_reaper({12, 34, 56});
  ledger.set_reaper({});
  ledger.set_supervisor_pid(Pid(5));
  ledger.set_supervisor_pid(std::nullopt);
  EXPECT_EQ(ledger.reaper(), std::nullopt);
  EXPECT_EQ(ledger.supervisor_pid(), std::nullopt);
}

}  // namespace
}  // namespace foster::ledger
