#include "logs/tail.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "unit/logs/logging.hpp"

namespace foster::logs {
namespace {

using testing::TemporaryDirectory;
using testing::write_file;

std::string read_all(LogReader& reader, std::size_t step = 1000) {
  std::string text;
  while (reader.read(text, step).value() > 0) {
  }
  return text;
}

std::string last(const TemporaryDirectory& directory, std::uint64_t lines) {
  return last_lines(directory.fd(), "web.log", lines).value();
}

TEST(LastLines, CountAnUnfinishedLineAndNotTheEndOfTheLastOne) {
  const TemporaryDirectory directory;
  write_file(directory.path("web.log"), "a\nbb\n\nccc\n");
  EXPECT_EQ(last(directory, 0), "");
  EXPECT_EQ(last(directory, 1), "ccc\n");
  EXPECT_EQ(last(directory, 2), "\nccc\n");
  EXPECT_EQ(last(directory, 4), "a\nbb\n\nccc\n");
  EXPECT_EQ(last(directory, 99), "a\nbb\n\nccc\n");
  write_file(directory.path("web.log"), "a\nbb");
  EXPECT_EQ(last(directory, 1), "bb");
  EXPECT_EQ(last(directory, 2), "a\nbb");
}

TEST(LastLines, LookBackThroughRotatedFiles) {
  const TemporaryDirectory directory;
  write_file(directory.path("web.log.2"), "1\n2\n3\n");
  write_file(directory.path("web.log.1"), "4\nfi");
  write_file(directory.path("web.log"), "ve\n6\n");
  EXPECT_EQ(last(directory, 1), "6\n");
  EXPECT_EQ(last(directory, 2), "five\n6\n");
  EXPECT_EQ(last(directory, 3), "4\nfive\n6\n");
  EXPECT_EQ(last(directory, 4), "3\n4\nfive\n6\n");
  EXPECT_EQ(last(directory, 100), "1\n2\n3\n4\nfive\n6\n");
}

TEST(LastLines, AreRightForEveryNumberAndLength) {
  const TemporaryDirectory directory;
  std::mt19937 random(5);
  std::vector<std::string> lines;
  std::string text;
  for (unsigned number = 0; text.size() < 100'000; ++number) {
    lines.push_back(random_line(random, number, 2000));
    text += lines.back();
  }
  const auto cut = random() % text.size();
  write_file(directory.path("web.log.1"), text.substr(0, cut));
  write_file(directory.path("web.log"), text.substr(cut));
  std::string expected;
  for (std::size_t count = 1; count <= lines.size(); ++count) {
    expected = lines[lines.size() - count] + expected;
    ASSERT_TRUE(last(directory, count) == expected) << count;
  }
}

TEST(LastLines, AreCutAtTheirBeginning) {
  const TemporaryDirectory directory;
  write_file(directory.path("web.log"), std::string(10'000, 'x') + "end\n");
  EXPECT_EQ(last_lines(directory.fd(), "web.log", 1, 5).value(), "xend\n");
  EXPECT_EQ(last_lines(directory.fd(), "missing.log", 3).value(), "");
}

TEST(LogReader, ReadsEverythingOldestFirst) {
  const TemporaryDirectory directory;
  write_file(directory.path("web.log.3"), "1");
  write_file(directory.path("web.log.1"), "2");  // number 2 is missing
  write_file(directory.path("web.log"), "3");
  auto reader = LogReader::from_oldest(directory.fd(), "web.log");
  ASSERT_TRUE(reader);
  EXPECT_EQ(read_all(*reader), "123");
}

TEST(LogReader, WaitsForALogThatDoesNotExistYet) {
  const Logging logging;
  auto reader = LogReader::from_oldest(logging.directory.fd(), "web.log").value();
  EXPECT_EQ(read_all(reader), "");
  logging.say("first\n");
  ASSERT_TRUE(logging.new_pump({}).pump());
  EXPECT_EQ(read_all(reader), "first\n");
}

TEST(LogReaderThatFollows, CrossesRotationsWithoutLosingAByte) {
  const Logging logging;
  auto pump = logging.new_pump({.max_size = 10, .keep = 5});
  auto reader = LogReader::from_last_lines(logging.directory.fd(), "web.log", 0).value();
  std::string sent;
  std::string got;
  for (unsigned number = 0; number < 100; ++number) {
    const std::string line = "line " + std::to_string(number) + "\n";
    logging.say(line);
    sent += line;
    ASSERT_TRUE(pump.pump());
    if (number % 3 == 0) got += read_all(reader, 4);
  }
  got += read_all(reader);
  EXPECT_EQ(got, sent);
}

TEST(LogReaderThatIsTooSlow, GoesOnWithTheOldestThatIsLeft) {
  const Logging logging;
  auto pump = logging.new_pump({.max_size = 2, .keep = 2});
  auto reader = LogReader::from_oldest(logging.directory.fd(), "web.log").value();
  logging.say("0\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(read_all(reader), "0\n");
  for (const char* line : {"1\n", "2\n", "3\n", "4\n", "5\n"}) {
    logging.say(line);
    ASSERT_TRUE(pump.pump());
  }
  EXPECT_EQ(read_all(reader), "3\n4\n5\n");
}

TEST(LogReaderOfAFileMovedAway, ReadsItsRestAndThenTheNewOne) {
  const Logging logging;
  auto pump = logging.new_pump({});
  write_file(logging.directory.path("web.log.1"), "old\n");
  auto reader = LogReader::from_oldest(logging.directory.fd(), "web.log").value();
  logging.say("one\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(read_all(reader), "old\none\n");
  logging.say("two\n");
  ASSERT_TRUE(pump.pump());
  std::filesystem::rename(logging.directory.path("web.log"), logging.directory.path("elsewhere"));
  logging.say("three\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(read_all(reader), "two\nthree\n") << "and not the old one again";
}

TEST(LogReaderOfATruncatedFile, BeginsAgainAtItsStart) {
  const TemporaryDirectory directory;
  write_file(directory.path("web.log"), "long line\n");
  auto reader = LogReader::from_oldest(directory.fd(), "web.log").value();
  EXPECT_EQ(read_all(reader), "long line\n");
  write_file(directory.path("web.log"), "new\n");
  EXPECT_EQ(read_all(reader), "new\n");
}

TEST(LogReader, FollowsSymlinksOfOurs) {
  const TemporaryDirectory directory;
  write_file(directory.path("elsewhere"), "hello\n");
  std::filesystem::create_symlink("elsewhere", directory.path("web.log"));
  auto reader = LogReader::from_oldest(directory.fd(), "web.log").value();
  EXPECT_EQ(read_all(reader), "hello\n");
  write_file(directory.path("elsewhere"), "hello\nworld\n");
  EXPECT_EQ(read_all(reader), "world\n");
}

TEST(LogReader, DoesNotFollowSymlinksOfOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root has symlinks of others";
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("/etc/passwd", directory.path("web.log"));
  ASSERT_EQ(::lchown(directory.path("web.log").c_str(), 12345, 12345), 0);
  EXPECT_EQ(LogReader::from_oldest(directory.fd(), "web.log").error().code, ELOOP);
}

/// A writer that rotates all the time against readers of another thread, each beginning somewhere else.
TEST(LogReadersBesideAWriter, SeeEveryByteOnce) {
  const Logging logging;
  std::mt19937 random(17);
  std::string sent;
  for (unsigned number = 0; sent.size() < 3'000'000; ++number) sent += random_line(random, number, 200);
  std::atomic<bool> written = false;
  std::thread writer([&] {
    auto pump = logging.new_pump({.max_size = 20'000, .keep = 199});
    for (std::size_t at = 0; at < sent.size(); at += 3'000) {
      ASSERT_TRUE(sys::write_all(logging.service, std::string_view(sent).substr(at, 3'000)));
      ASSERT_TRUE(pump.pump());
    }
    written = true;
  });
  const auto follow = [&](std::size_t step) {
    auto reader = LogReader::from_oldest(logging.directory.fd(), "web.log").value();
    std::string got;
    for (bool last_round = false;;) {
      const auto read = reader.read(got, step);
      ASSERT_TRUE(read) << to_string(read.error());
      if (*read > 0) continue;
      if (last_round) break;
      last_round = written;
    }
    EXPECT_TRUE(got == sent) << got.size() << " of " << sent.size();
  };
  std::thread slow(follow, 700);
  std::thread fast(follow, 100'000);
  slow.join();
  fast.join();
  writer.join();
}

}  // namespace
}  // namespace foster::logs
