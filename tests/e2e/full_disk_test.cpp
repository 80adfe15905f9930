// A log that cannot be written: the policy decides who pays, and every byte is accounted for.
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <regex>

#include "e2e/harness.hpp"

namespace foster::e2e {
namespace {

using ::testing::HasSubstr;

constexpr long kLines = 250'000;  // ten times the disk

/// A disk of 256 KiB for the logs, and a counter that writes ten times as much and then says so to a witness.
class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "mounting a small tmpfs takes root";
    ASSERT_EQ(::mkdir(foster.path("log").c_str(), 0700), 0);
    ASSERT_EQ(::mount("tmpfs", foster.path("log").c_str(), "tmpfs", 0, "size=256k"), 0);
  }
  void TearDown() override {
    if (::geteuid() != 0) return;
    foster.down();
    ::umount2(foster.path("log").c_str(), MNT_DETACH);
  }

  void start(const std::string& log) {
    foster.write_config("[service.chatty]\ncommand = \"" + Foster::actor("counter") + " " + std::to_string(kLines) +
                        " 0 0 " + foster.path("witness") + "; exec sleep 1000\"\nstart-seconds = \"10ms\"\nlog = { " +
                        log + " }\n");
    foster.up();
  }
  void make_room() { ASSERT_EQ(::mount("tmpfs", foster.path("log").c_str(), "tmpfs", MS_REMOUNT, "size=64m"), 0); }
  [[nodiscard]] bool has_finished() const { return ::access(foster.path("witness").c_str(), F_OK) == 0; }

  /// What the counter has written, by its own account.
  [[nodiscard]] std::string written() const {
    const std::string pid = testing::contents_of(foster.path("witness"));
    const std::string number = pid.substr(0, pid.find(' '));
    std::string text;
    for (long n = 0; n < kLines; ++n) text += number + " " + std::to_string(n) + "\n";
    return text;
  }
  [[nodiscard]] std::string last_line() const {
    const std::string text = written();
    return text.substr(text.rfind('\n', text.size() - 2) + 1);
  }

  Foster foster;
};

/// Whether this log is what was written, but for the gaps it tells of; `removed` bytes are missing at its beginning.
/// @return The bytes of all gaps; empty where something else is missing, or twice there.
std::optional<std::uint64_t> bytes_in_gaps(const std::string& written, const std::string& log, std::uint64_t removed) {
  const std::regex line("foster: ([0-9]+) bytes were dropped here: No space left on device\n");
  std::uint64_t gaps = 0;
  std::uint64_t at = removed;
  auto from = log.cbegin();
  for (std::sregex_iterator gap(log.begin(), log.end(), line), end; gap != end; ++gap) {
    std::string before(from, log.cbegin() + gap->position());
    // A line that was cut by the gap is ended by foster.
    if (written.compare(at, before.size(), before) != 0) before.pop_back();
    if (written.compare(at, before.size(), before) != 0) return std::nullopt;
    const std::uint64_t bytes = std::stoull((*gap)[1]);
    gaps += bytes;
    at += before.size() + bytes;
    from = log.cbegin() + gap->position() + gap->length();
  }
  const std::string rest(from, log.cend());
  return at <= written.size() && written.substr(at) == rest ? std::optional(gaps) : std::nullopt;
}

TEST_F(FullDisk, DropsTheOldestSoThatTheServiceGoesOnAndAccountsForEveryByte) {
  start("max-size = \"unlimited\"");
  ASSERT_TRUE(foster.wait_until([&] { return has_finished(); })) << "the service waits for the disk";
  ASSERT_TRUE(foster.wait_until([&] { return foster.row("chatty").dropped_bytes > 0; }));
  EXPECT_EQ(foster.row("chatty").state, "running");
  EXPECT_THAT(foster.row("chatty").log_trouble, HasSubstr("No space left on device"));
  EXPECT_THAT(foster.run({"ps"}).out, HasSubstr("its log cannot be written"));
  EXPECT_THAT(foster.run({"why", "chatty"}).out, HasSubstr("bytes of output were dropped"));

  make_room();
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("chatty").ends_with(last_line()); }));
  const auto gaps = bytes_in_gaps(written(), foster.log_of("chatty"), 0);
  ASSERT_TRUE(gaps) << "written is not logged and dropped";
  EXPECT_EQ(*gaps, foster.row("chatty").dropped_bytes);
  EXPECT_EQ(foster.row("chatty").log_trouble, "");
}

TEST_F(FullDisk, WhatWasDroppedIsKnownToTheNextSupervisor) {
  start("max-size = \"unlimited\"");
  ASSERT_TRUE(foster.wait_until([&] { return has_finished(); }));
  std::uint64_t dropped = 0;
  ASSERT_TRUE(foster.wait_until([&] { return (dropped = foster.row("chatty").dropped_bytes) > 0; }));
  const auto supervisor = static_cast<pid_t>(foster.info().at("supervisor").to_number<std::int64_t>());
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  ASSERT_TRUE(foster.wait_until([&] { return foster.info().at("recoveries").to_number<std::int64_t>() == 1; }));
  EXPECT_GE(foster.row("chatty").dropped_bytes, dropped);
  make_room();
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("chatty").ends_with(last_line()); }));
  // A supervisor that is killed while it drops has counted a portion that the next one drops and counts again.
  const auto gaps = bytes_in_gaps(written(), foster.log_of("chatty"), 0);
  if (gaps) {
    EXPECT_EQ(*gaps, foster.row("chatty").dropped_bytes);
  }
  EXPECT_GE(foster.row("chatty").dropped_bytes + foster.log_of("chatty").size(), written().size());
}

TEST_F(FullDisk, OlderFilesOfItsOwnGoFirstAndNobodyElses) {
  testing::write_file(foster.path("log/other.log.1"), "of somebody else\n");
  start("max-size = \"60KB\", keep = 50");
  ASSERT_TRUE(foster.wait_until([&] { return has_finished(); }));
  make_room();
  ASSERT_TRUE(foster.wait_until([&] { return foster.log_of("chatty").ends_with(last_line()); }));
  const std::string log = foster.log_of("chatty");
  EXPECT_LT(foster.row("chatty").dropped_bytes, written().size());
  EXPECT_GT(foster.row("chatty").dropped_bytes, 0U);
  EXPECT_EQ(testing::contents_of(foster.path("log/other.log.1")), "of somebody else\n");
}

TEST_F(FullDisk, BlockLosesNothingAndTheServiceWaits) {
  start("max-size = \"unlimited\", when-full = \"block\"");
  ASSERT_TRUE(foster.wait_until([&] { return !foster.row("chatty").log_trouble.empty(); }));
  EXPECT_FALSE(has_finished());
  EXPECT_EQ(foster.row("chatty").state, "running");
  make_room();
  ASSERT_TRUE(foster.wait_until([&] { return has_finished() && foster.log_of("chatty").ends_with(last_line()); }));
  EXPECT_TRUE(foster.log_of("chatty") == written());
  EXPECT_EQ(foster.row("chatty").dropped_bytes, 0U);
}

}  // namespace
}  // namespace foster::e2e
