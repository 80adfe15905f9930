// Logs that are no files of foster's own: symlinks, FIFOs, standard descriptors, nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "sys/facilities.hpp"
#include "unit/logs/logging.hpp"

namespace foster::logs {
namespace {

using testing::contents_of;
using testing::mode_of;
using testing::write_file;

constexpr Rotation kTiny{.max_size = 10, .keep = 2};

std::string read_some(int fd) {
  std::string text(1 << 20, '\0');
  const auto got = ::read(fd, text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

class LogTargets : public ::testing::Test {
 protected:
  void SetUp() override { (void)std::signal(SIGPIPE, SIG_IGN); }  // as in foster
  void TearDown() override { sys::forbid_facilities_for_testing(""); }

  Pump pump_to(LogFile file) const {
    return {sys::FifoReader::open(logging.directory.fd(), "out").value(), std::move(file)};
  }
  Pump pump_to_users(const std::string& name) const {
    return pump_to(LogFile(logging.directory.fd(), name, kTiny, LogFile::Whose::user));
  }
  /// Our standard output is this while the test runs.
  void replace_stdout(int fd) {
    saved_.reset(::dup(STDOUT_FILENO));
    ASSERT_EQ(::dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
  }
  void restore_stdout() { ASSERT_EQ(::dup2(saved_.get(), STDOUT_FILENO), STDOUT_FILENO); }

  Logging logging;
  UniqueFd saved_;
};

TEST_F(LogTargets, AUsersFileIsReadableForAllAndRotatedByItsName) {
  auto pump = pump_to_users("users.log");
  logging.say("0123456789\n");
  ASSERT_TRUE(pump.pump());
  logging.say("next\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(contents_of(logging.directory.path("users.log.1")), "0123456789\n");
  EXPECT_EQ(contents_of(logging.directory.path("users.log")), "next\n");
  EXPECT_EQ(mode_of(logging.directory.path("users.log")) & ~0644U, 0U);
}

TEST_F(LogTargets, ASymlinkOfOursIsFollowed) {
  std::filesystem::create_symlink("elsewhere", logging.directory.path("link.log"));
  auto pump = pump_to_users("link.log");
  logging.say("hello\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(contents_of(logging.directory.path("elsewhere")), "hello\n");
}

TEST_F(LogTargets, ASymlinkOfSomebodyElseIsNot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has symlinks of others";
  std::filesystem::create_symlink("elsewhere", logging.directory.path("link.log"));
  ASSERT_EQ(::lchown(logging.directory.path("link.log").c_str(), 12345, 12345), 0);
  auto pump = pump_to_users("link.log");
  logging.say("hello\n");
  EXPECT_EQ(pump.pump().error().code, ELOOP);
  EXPECT_EQ(pump.waiting(), 6U);
}

TEST_F(LogTargets, AFifoGetsTheBytesAsItTakesThem) {
  for (const char* without : {"", "splice"}) {
    sys::forbid_facilities_for_testing(without);
    const std::string name = std::string("fifo") + without;
    ASSERT_EQ(::mkfifo(logging.directory.path(name).c_str(), 0600), 0);
    auto pump = pump_to_users(name);
    logging.say("hello\n");
    EXPECT_EQ(pump.pump().error().code, ENXIO) << "nobody reads";
    EXPECT_EQ(pump.waiting(), 6U);
    const UniqueFd reader(::open(logging.directory.path(name).c_str(), O_RDONLY | O_NONBLOCK));
    EXPECT_EQ(pump.pump()->bytes, 6U);
    EXPECT_EQ(read_some(reader.get()), "hello\n");
    // More than the other pipe takes.
    std::size_t got = 0;
    bool was_full = false;
    for (unsigned round = 0; round < 1000 && got < 300'000; ++round) {
      for (unsigned twice = 0; twice < 2; ++twice) {
        if (round < 3) logging.say(std::string(50'000, 'x'));
        auto pumped = pump.pump();
        while (pumped && pumped->bytes > 0) pumped = pump.pump();
        was_full |= !pumped && pumped.error().code == EAGAIN;
      }
      got += read_some(reader.get()).size();
    }
    EXPECT_TRUE(was_full) << without;
    EXPECT_EQ(got, 300'000U) << without;
  }
}

TEST_F(LogTargets, AReaderThatGoesAwayCostsNothing) {
  ASSERT_EQ(::mkfifo(logging.directory.path("fifo").c_str(), 0600), 0);
  auto pump = pump_to_users("fifo");
  UniqueFd reader(::open(logging.directory.path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  logging.say("one\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(read_some(reader.get()), "one\n");
  reader.reset();
  logging.say("two\n");
  EXPECT_FALSE(pump.pump());
  reader.reset(::open(logging.directory.path("fifo").c_str(), O_RDONLY | O_NONBLOCK));
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(read_some(reader.get()), "two\n");
}

TEST_F(LogTargets, StandardOutputIsWhateverItIs) {
  auto pump = pump_to(LogFile::standard(STDOUT_FILENO));
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  int sockets[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
  const UniqueFd ends[] = {UniqueFd(pipe[0]), UniqueFd(pipe[1]), UniqueFd(sockets[0]), UniqueFd(sockets[1])};
  for (const auto& [in, out] : {std::pair(pipe[1], pipe[0]), std::pair(sockets[1], sockets[0])}) {
    pump.file().reopen();
    replace_stdout(in);
    logging.say("hello\n");
    const auto pumped = pump.pump();
    restore_stdout();
    ASSERT_TRUE(pumped) << to_string(pumped.error());
    EXPECT_EQ(read_some(out), "hello\n");
  }
}

TEST_F(LogTargets, StandardOutputToAFileIsSharedWithWhoElseWrites) {
  const UniqueFd file(::open(logging.directory.path("foreground").c_str(), O_WRONLY | O_CREAT, 0600));
  auto pump = pump_to(LogFile::standard(STDOUT_FILENO));
  replace_stdout(file.get());
  EXPECT_EQ(::write(STDOUT_FILENO, "foster\n", 7), 7);
  logging.say("0123456789 is no reason to rotate\n");
  const auto pumped = pump.pump();
  EXPECT_EQ(::write(STDOUT_FILENO, "foster\n", 7), 7);
  restore_stdout();
  ASSERT_TRUE(pumped);
  EXPECT_EQ(contents_of(logging.directory.path("foreground")), "foster\n0123456789 is no reason to rotate\nfoster\n");
}

TEST_F(LogTargets, APipeThatNobodyReadsDoesNotHoldUs) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const UniqueFd reader(pipe[0]);
  const UniqueFd writer(pipe[1]);
  for (const char* without : {"", "splice"}) {
    sys::forbid_facilities_for_testing(without);
    auto pump = pump_to(LogFile::standard(STDOUT_FILENO));
    replace_stdout(writer.get());
    for (unsigned round = 0; round < 3; ++round) {
      logging.say(std::string(30'000, 'x'));
      auto pumped = pump.pump();
      while (pumped && pumped->bytes > 0) pumped = pump.pump();
    }
    restore_stdout();
    ASSERT_TRUE(pump.stuck()) << without;
    EXPECT_EQ(pump.stuck()->code, EAGAIN);
  }
}

TEST_F(LogTargets, NowhereTakesEverything) {
  auto pump = pump_to(LogFile::nowhere());
  logging.say("hello\n");
  EXPECT_EQ(pump.pump()->bytes, 6U);
  EXPECT_EQ(pump.waiting(), 0U);
}

TEST_F(LogTargets, ClearingBeginsANewFile) {
  auto pump = pump_to_users("users.log");
  logging.say("0123456789\n");
  ASSERT_TRUE(pump.pump());
  logging.say("next\n");
  ASSERT_TRUE(pump.pump());
  ASSERT_TRUE(pump.file().clear());
  EXPECT_EQ(contents_of(logging.directory.path("users.log")), "");
  EXPECT_EQ(contents_of(logging.directory.path("users.log.1")), "0123456789\n");
  logging.say("more\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(contents_of(logging.directory.path("users.log")), "more\n");
}

}  // namespace
}  // namespace foster::logs
