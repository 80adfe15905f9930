#include "logs/pump.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "sys/facilities.hpp"
#include "unit/logs/logging.hpp"

namespace foster::logs {
namespace {

using testing::contents_of;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using testing::mode_of;
using testing::write_file;

constexpr Rotation kUnlimited{.max_size = std::nullopt};

TEST(Pump, MovesWhatWasSaidAndThenHasNothing) {
  const Logging logging;
  auto pump = logging.new_pump(kUnlimited);
  logging.say("hello\n");
  const auto pumped = pump.pump();
  ASSERT_TRUE(pumped) << to_string(pumped.error());
  EXPECT_EQ(pumped->bytes, 6U);
  EXPECT_FALSE(pumped->more);
  EXPECT_EQ(pump.pump()->bytes, 0U);
  EXPECT_EQ(logging.log(), "hello\n");
  EXPECT_EQ(mode_of(logging.directory.path("web.log")) & ~0640U, 0U);
}

TEST(Pump, MakesNoFileForASilentService) {
  const Logging logging;
  auto pump = logging.new_pump(kUnlimited);
  EXPECT_EQ(pump.pump()->bytes, 0U);
  EXPECT_FALSE(std::filesystem::exists(logging.directory.path("web.log")));
}

TEST(PumpUnderAFlood, StopsAtItsBudget) {
  const Logging logging;
  auto pump = logging.new_pump(kUnlimited);
  logging.say(std::string(60'000, 'x'));
  const auto pumped = pump.pump(1000);
  EXPECT_EQ(pumped->bytes, 1000U);
  EXPECT_TRUE(pumped->more);
  EXPECT_EQ(pump.pump()->bytes, 59'000U);
}

TEST(PumpAtTheLimit, RotatesBetweenLines) {
  const Logging logging;
  auto pump = logging.new_pump({.max_size = 10, .keep = 9});
  logging.say("12345\n789\nabc\n");
  logging.say("second line is longer than a whole file\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(logging.log(1), "12345\n789\n");
  EXPECT_EQ(logging.log(0), "abc\nsecond line is longer than a whole file\n") << "the next byte makes it number 1";
  logging.say("x");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(logging.log(1), "abc\nsecond line is longer than a whole file\n");
  EXPECT_EQ(logging.log(0), "x");
}

TEST(PumpAtTheLimit, WaitsForTheEndOfAnUnfinishedLine) {
  const Logging logging;
  auto pump = logging.new_pump({.max_size = 4, .keep = 9});
  for (const char* piece : {"12", "345", "67", "8\n", "next\n"}) {
    logging.say(piece);
    ASSERT_TRUE(pump.pump());
  }
  EXPECT_EQ(logging.log(1), "12345678\n");
  EXPECT_EQ(logging.log(0), "next\n");
}

TEST(PumpAtTheLimit, CutsALineThatNeverEnds) {
  const Logging logging;
  auto pump = logging.new_pump({.max_size = 1000, .keep = 9});
  const std::string endless(300'000, 'x');
  for (std::size_t at = 0; at < endless.size(); at += 50'000) {
    logging.say(endless.substr(at, 50'000));
    ASSERT_TRUE(pump.pump());
  }
  EXPECT_EQ(logging.everything(), endless);
  for (unsigned number = 1; number <= 4; ++number) EXPECT_EQ(logging.log(number).size(), 1000 + kLineSlack);
}

TEST(PumpWithFewToKeep, DropsTheOldestFilesOnly) {
  const Logging logging;
  auto pump = logging.new_pump({.max_size = 2, .keep = 2});
  for (const char* line : {"1\n", "2\n", "3\n", "4\n", "5\n"}) {
    logging.say(line);
    ASSERT_TRUE(pump.pump());
  }
  EXPECT_EQ(logging.everything(), "3\n4\n5\n");
  pump.file().set_rotation({.max_size = 2, .keep = 0});
  logging.say("6\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(logging.everything(), "6\n");
}

TEST(PumpOntoAFileOfOthers, GoesOnAtItsEnd) {
  const Logging logging;
  auto pump = logging.new_pump(kUnlimited);
  logging.say("ours\n");
  ASSERT_TRUE(pump.pump());
  const auto other = sys::open_file(logging.directory.path("web.log"), O_WRONLY | O_APPEND);
  ASSERT_TRUE(sys::write_all(*other, "theirs\n"));
  logging.say("ours again\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(logging.log(), "ours\ntheirs\nours again\n");
}

TEST(PumpOntoATruncatedFile, LeavesNoHole) {
  const Logging logging;
  auto pump = logging.new_pump(kUnlimited);
  logging.say("before\n");
  ASSERT_TRUE(pump.pump());
  ASSERT_EQ(::truncate(logging.directory.path("web.log").c_str(), 0), 0);
  logging.say("after\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(logging.log(), "after\n");
}

TEST(PumpWhoseFileWasMovedAway, BeginsANewOne) {
  const Logging logging;
  auto pump = logging.new_pump(kUnlimited);
  logging.say("one\n");
  ASSERT_TRUE(pump.pump());
  std::filesystem::rename(logging.directory.path("web.log"), logging.directory.path("moved"));
  logging.say("two\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(contents_of(logging.directory.path("moved")), "one\n");
  EXPECT_EQ(logging.log(), "two\n");
  std::filesystem::remove(logging.directory.path("web.log"));
  logging.say("three\n");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(logging.log(), "three\n");
}

TEST(PumpWithSomethingElseInTheWay, NamesItAndKeepsTheBytes) {
  const Logging logging;
  auto pump = logging.new_pump(kUnlimited);
  std::filesystem::create_symlink("/dev/null", logging.directory.path("web.log"));
  logging.say("precious\n");
  const auto pumped = pump.pump();
  ASSERT_FALSE(pumped);
  EXPECT_THAT(to_string(pumped.error()), HasSubstr("web.log"));
  EXPECT_TRUE(pump.stuck());
  std::filesystem::remove(logging.directory.path("web.log"));
  ASSERT_TRUE(pump.pump());
  EXPECT_FALSE(pump.stuck());
  EXPECT_EQ(logging.log(), "precious\n");
}

/// A file system of 64 KiB, where root may mount one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    std::filesystem::create_directories(path);
    mounted_ = ::geteuid() == 0 && ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=64k") == 0;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  [[nodiscard]] bool is_mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_;
};

TEST(PumpOntoAFullDisk, LosesNothingAndGoesOnWhenThereIsRoom) {
  for (const char* without : {"", "splice"}) {
    sys::forbid_facilities_for_testing(without);
    const Logging logging;
    const SmallDisk disk(logging.directory.path("disk"));
    if (!disk.is_mounted()) GTEST_SKIP() << "may not mount";
    const auto directory = sys::open_file(logging.directory.path("disk"), O_RDONLY | O_DIRECTORY).value();
    Pump pump(sys::FifoReader::open(logging.directory.fd(), "out").value(), LogFile(directory, "web.log", kUnlimited));
    std::string sent;
    std::mt19937 random(3);
    for (unsigned number = 0; sent.size() < 200'000; ++number) sent += random_line(random, number, 300);
    logging.say(sent);

    std::string kept;
    std::size_t refusals = 0;
    for (int round = 0; round < 100 && kept.size() < sent.size(); ++round) {
      while (true) {
        const auto pumped = pump.pump();
        if (!pumped) {
          EXPECT_EQ(pumped.error().code, ENOSPC);
          EXPECT_THAT(pumped.error().detail, EndsWith("web.log"));
          ++refusals;
          break;
        }
        if (pumped->bytes == 0) break;
      }
      kept += contents_of(logging.directory.path("disk/web.log"));
      std::filesystem::remove(logging.directory.path("disk/web.log"));
    }
    EXPECT_TRUE(kept == sent) << without;
    EXPECT_GE(refusals, 2U);
  }
  sys::forbid_facilities_for_testing("");
}

/// A FIFO, a log on a disk of 64 KiB, and a pump between them that drops.
class PumpThatDrops : public ::testing::Test {
 protected:
  void SetUp() override {
    disk.emplace(logging.directory.path("disk"));
    if (!disk->is_mounted()) GTEST_SKIP() << "may not mount";
    directory = sys::open_file(logging.directory.path("disk"), O_RDONLY | O_DIRECTORY).value();
  }
  [[nodiscard]] Pump new_pump(Rotation rotation = kUnlimited) const {
    return {sys::FifoReader::open(logging.directory.fd(), "out").value(), LogFile(directory, "web.log", rotation),
            Losses(logging.directory.fd(), "out.dropped")};
  }
  /// Numbered lines of 10 bytes.
  void say_lines(std::size_t count) {
    std::string text;
    for (std::size_t n = 0; n < count; ++n) {
      const std::string number = std::to_string(lines++);
      text += std::string(9 - number.size(), '0') + number + "\n";
    }
    logging.say(text);
  }
  [[nodiscard]] std::string log(const std::string& suffix = "") const {
    return contents_of(logging.directory.path("disk/web.log" + suffix));
  }
  /// As often as bytes are moved.
  static void pump_all(Pump& pump) {
    for (auto pumped = pump.pump_or_drop(); pumped && pumped->bytes > 0;) pumped = pump.pump_or_drop();
  }

  Logging logging;
  std::optional<SmallDisk> disk;
  UniqueFd directory;
  std::size_t lines = 0;
};

TEST_F(PumpThatDrops, LosesNothingWhileHalfOfTheFifoIsFree) {
  auto pump = new_pump();
  say_lines(20'000);
  pump_all(pump);
  ASSERT_TRUE(pump.stuck());
  EXPECT_EQ(pump.losses().total(), 0U);
  EXPECT_FALSE(std::filesystem::exists(logging.directory.path("out.dropped")));
}

TEST_F(PumpThatDrops, ThrowsAwayTheOldestAndSaysSoWhereTheLogGoesOn) {
  auto pump = new_pump();
  for (int round = 0; round < 40; ++round) {
    say_lines(5'000);
    pump_all(pump);
  }
  ASSERT_TRUE(pump.stuck());
  const std::size_t dropped = pump.losses().total();
  const std::string before = log();
  EXPECT_EQ(before.size() + dropped + pump.waiting(), 10 * lines) << "written is logged, dropped or waiting";
  EXPECT_LE(pump.waiting(), sys::kFifoCapacity / 2);

  // Another supervisor knows, and a truncated file makes room on this disk.
  auto next = new_pump();
  EXPECT_EQ(next.losses().total(), dropped);
  std::filesystem::resize_file(logging.directory.path("disk/web.log"), 15);
  pump_all(next);
  const std::string expected =
      "foster: " + std::to_string(dropped) + " bytes were dropped here: No space left on device\n";
  EXPECT_TRUE(log().starts_with("000000000\n00000\n" + expected)) << log().substr(0, 200);
  const std::string after = log().substr(16 + expected.size());
  EXPECT_EQ(std::stoul(after.substr(0, 9)) * 10, before.size() + dropped) << "the next line, whole";
  EXPECT_EQ(new_pump().losses().untold(), 0U);
}

TEST_F(PumpThatDrops, RemovesItsOldestFilesBeforeItThrowsOutputAway) {
  auto pump = new_pump({.max_size = 8'000, .keep = 20});
  for (int round = 0; round < 20; ++round) {
    say_lines(5'000);
    pump_all(pump);
  }
  // More than half of the FIFO came after the disk was full, and it went to the disk.
  EXPECT_EQ(pump.losses().untold(), 0U);
  EXPECT_GT(pump.losses().total(), 0U);
  EXPECT_NE(log(".1"), "");
  EXPECT_EQ(log(".9"), "") << "the oldest went";
}

TEST_F(PumpThatDrops, AReasonOtherThanSpaceCostsNoFile) {
  auto pump = new_pump({.max_size = 8'000, .keep = 20});
  say_lines(3'000);
  pump_all(pump);
  std::filesystem::remove(logging.directory.path("disk/web.log"));
  std::filesystem::create_directory(logging.directory.path("disk/web.log"));
  const std::string oldest = log(".3");
  for (int round = 0; round < 40; ++round) {
    say_lines(5'000);
    pump_all(pump);
  }
  EXPECT_EQ(pump.stuck()->code, EISDIR);
  EXPECT_EQ(log(".3"), oldest);
  EXPECT_EQ(pump.losses().total(), pump.losses().untold());
  EXPECT_EQ(pump.losses().line(),
            "foster: " + std::to_string(pump.losses().total()) + " bytes were dropped here: Is a directory\n");
}

/// Random lines in random pieces, small budgets, tiny files, and pumps that end at any point of it.
void expect_exactly_once(unsigned seed, const char* without) {
  sys::forbid_facilities_for_testing(without);
  std::mt19937 random(seed);
  const Logging logging;
  const Rotation rotation{.max_size = 1000 + random() % 5000, .keep = 190};
  std::string sent;
  std::string waiting;
  std::optional<Pump> pump;
  for (unsigned number = 0; number < 400; ++number) {
    waiting += random_line(random, number, static_cast<unsigned>(1 + random() % 600));
    const auto piece = waiting.substr(0, random() % (waiting.size() + 1));
    logging.say(piece);
    sent += piece;
    waiting.erase(0, piece.size());
    if (!pump || random() % 5 == 0) {
      pump.reset();
      pump.emplace(logging.new_pump(rotation));
    }
    if (random() % 3 == 0) continue;
    ASSERT_TRUE(pump->pump(1 + random() % 3000)) << seed;
  }
  while (pump->pump()->bytes > 0) {
  }
  ASSERT_TRUE(logging.everything() == sent) << "seed " << seed << " without " << without;
  for (unsigned number = 190; number > 0; --number) {
    const auto file = logging.log(number);
    ASSERT_TRUE(file.empty() || file.ends_with('\n')) << "a line was cut; seed " << seed;
    ASSERT_LT(file.size(), *rotation.max_size + 700) << seed;
  }
  sys::forbid_facilities_for_testing("");
}

TEST(PumpThatEndsAnywhere, WritesEveryByteOnceAndEveryLineWhole) {
  for (unsigned seed = 1; seed <= 60; ++seed) expect_exactly_once(seed, seed % 3 == 0 ? "splice" : "");
}

/// What a killed supervisor does to the log: a process that pumps is killed, again and again, while another writes.
TEST(PumpThatIsKilled, LosesAndRepeatsNothing) {
  const Logging logging;
  std::mt19937 random(11);
  std::string sent;
  for (unsigned number = 0; sent.size() < 8'000'000; ++number) sent += random_line(random, number, 400);
  const pid_t writer = ::fork();
  if (writer == 0) ::_exit(sys::write_all(logging.service, sent) ? 0 : 1);

  int kills = 0;
  for (bool finished = false; !finished;) {
    const pid_t pumping = ::fork();
    if (pumping == 0) {
      auto pump = logging.new_pump({.max_size = 100'000, .keep = 190});
      for (std::uint64_t moved = 0; moved < 150'000;) {
        pollfd poll{pump.fd().get(), POLLIN, 0};
        ::poll(&poll, 1, -1);
        const auto pumped = pump.pump(1 + random() % 20'000);
        if (!pumped) ::_exit(1);
        moved += pumped->bytes;
      }
      for (;;) ::pause();  // was not killed in the middle
    }
    for (auto spin = random() % 100; spin > 0; --spin) ::sched_yield();
    finished = ::waitpid(writer, nullptr, WNOHANG) == writer;
    ::kill(pumping, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(pumping, &status, 0), pumping);
    ASSERT_TRUE(WIFSIGNALED(status)) << "pump failed";
    ++kills;
  }
  auto pump = logging.new_pump({.max_size = 100'000, .keep = 190});
  while (pump.pump()->bytes > 0) {
  }
  EXPECT_TRUE(logging.everything() == sent);
  EXPECT_GT(kills, 40);
}

}  // namespace
}  // namespace foster::logs
