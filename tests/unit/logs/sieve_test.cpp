#include "logs/sieve.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <vector>

#include "unit/logs/logging.hpp"

namespace foster::logs {
namespace {

constexpr Rotation kUnlimited{.max_size = std::nullopt};
const std::string kBegin(kBeginTag);
const std::string kEnd(kEndTag);

class SieveTest : public ::testing::Test {
 protected:
  Pump new_pump(const FilterRules& rules, const Rotation& rotation = kUnlimited) {
    Pump pump = logging.new_pump(rotation);
    pump.sift(std::make_unique<Sieve>(Staged::open(logging.directory.fd(), "out.staged").value(), rules,
                                      [this](OutputPart part, std::string_view text) {
                                        (part == OutputPart::written ? written : captured) += text;
                                        if (when_told) when_told();
                                      }));
    return pump;
  }

  Logging logging;
  std::string written;
  std::string captured;
  std::function<void()> when_told;
};

TEST_F(SieveTest, TellsWhatIsWritten) {
  auto pump = new_pump({});
  logging.say("hello\n");
  ASSERT_EQ(pump.pump()->bytes, 6U);
  logging.say(std::string(60'000, 'x'));
  EXPECT_EQ(pump.pump()->bytes, 60'000U);
  EXPECT_EQ(logging.log(), "hello\n" + std::string(60'000, 'x'));
  EXPECT_EQ(written, logging.log());
}

TEST_F(SieveTest, HoldsBackWhatMayBecomeATagUntilTheRunEnds) {
  auto pump = new_pump({.capture = 100});
  logging.say("prompt <!--X");
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(logging.log(), "prompt ");
  EXPECT_FALSE(pump.has_more()) << "nothing to do";
  ASSERT_TRUE(pump.finish_run());
  EXPECT_EQ(logging.log(), "prompt <!--X");
}

TEST_F(SieveTest, AnotherOneGoesOnWithinAMessage) {
  auto pump = std::optional(new_pump({.capture = 100}));
  logging.say("a" + kBegin + "one ");
  ASSERT_TRUE(pump->pump());
  pump.reset();
  pump.emplace(new_pump({.capture = 100}));
  logging.say("two" + kEnd + "b");
  ASSERT_TRUE(pump->pump());
  EXPECT_EQ(logging.log(), "ab");
  EXPECT_EQ(captured, "one two");
}

TEST_F(SieveTest, WhatTheFileDoesNotTakeWaits) {
  auto pump = std::optional(new_pump({.strips_ansi = true}));
  std::filesystem::create_directory(logging.directory.path("web.log"));
  logging.say("\x1b[1mhello\n");
  EXPECT_FALSE(pump->pump());
  EXPECT_FALSE(pump->pump());
  EXPECT_EQ(written, "");
  pump.reset();
  pump.emplace(new_pump({.strips_ansi = true}));
  std::filesystem::remove(logging.directory.path("web.log"));
  ASSERT_TRUE(pump->pump());
  EXPECT_EQ(logging.log(), "hello\n");
}

TEST_F(SieveTest, WhatIsInARotatedFileIsNotRepeatedInTheNext) {
  constexpr Rotation kSmall{.max_size = 10};
  auto pump = std::optional(new_pump({.strips_ansi = true}, kSmall));
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  // The first file is full: it gets another name, and then it ends, as when it is killed there.
  when_told = [&limit] {
    const rlimit none{3, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  };
  logging.say("0123456789 one\ntwo\n");
  (void)pump->pump();
  pump.reset();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  ASSERT_FALSE(std::filesystem::exists(logging.directory.path("web.log")));
  when_told = nullptr;
  pump.emplace(new_pump({.strips_ansi = true}, kSmall));
  ASSERT_TRUE(pump->pump());
  EXPECT_EQ(testing::contents_of(logging.directory.path("web.log.1")) + logging.log(), "0123456789 one\ntwo\n");
}

TEST_F(SieveTest, AMessageWithoutEndTakesNoSpaceWithoutEnd) {
  const UniqueFd file(::open(logging.directory.path("file").c_str(), O_RDWR | O_CREAT, 0600));
  if (::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1) != 0) {
    GTEST_SKIP() << "a file system without holes";
  }
  auto pump = new_pump({.capture = 10'000});
  logging.say(kBegin);
  for (unsigned round = 0; round < 200; ++round) {
    logging.say(std::string(50'000, static_cast<char>('a' + round % 26)));
    ASSERT_TRUE(pump.pump());
  }
  struct stat facts{};
  ASSERT_EQ(::stat(logging.directory.path("out.staged").c_str(), &facts), 0);
  EXPECT_LT(facts.st_blocks * 512, 4'000'000) << "of 10 MB";
  logging.say(kEnd);
  ASSERT_TRUE(pump.pump());
  EXPECT_EQ(captured, std::string(10'000, 'a' + 199 % 26));
}

TEST_F(SieveTest, WhatWentOnTakesNoSpace) {
  auto pump = new_pump({.strips_ansi = true});
  for (unsigned round = 0; round < 100; ++round) {
    logging.say(std::string(50'000, 'x'));
    ASSERT_TRUE(pump.pump());
  }
  EXPECT_LT(std::filesystem::file_size(logging.directory.path("out.staged")), 500'000U);
  EXPECT_EQ(logging.log().size(), 5'000'000U);
}

/// What a killed supervisor does: a process that sifts is killed, again and again, while another writes.
TEST_F(SieveTest, BeingKilledLosesAndRepeatsNothing) {
  std::mt19937 random(17);
  std::string sent;
  std::string expected;
  for (unsigned number = 0; sent.size() < 4'000'000; ++number) {
    const std::string line = random_line(random, number, 300);
    expected += line;
    const std::size_t cut = random() % line.size();
    const bool has_message = random() % 3 == 0;
    sent += line.substr(0, cut) + (has_message ? kBegin + "left out" + kEnd : "\x1b[1m") + line.substr(cut);
  }
  const FilterRules rules{.strips_ansi = true, .capture = 1000};
  const Rotation rotation{.max_size = 100'000, .keep = 190};
  const pid_t writer = ::fork();
  if (writer == 0) ::_exit(sys::write_all(logging.service, sent) ? 0 : 1);

  int kills = 0;
  for (bool finished = false; !finished;) {
    const pid_t pumping = ::fork();
    if (pumping == 0) {
      auto pump = new_pump(rules, rotation);
      for (std::uint64_t moved = 0; moved < 100'000;) {
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
    ASSERT_TRUE(WIFSIGNALED(status));
    ++kills;
  }
  auto pump = new_pump(rules, rotation);
  while (pump.pump()->bytes > 0) {
  }
  ASSERT_TRUE(pump.finish_run());
  EXPECT_GT(kills, 20);
  const std::string everything = logging.everything();
  EXPECT_EQ(everything.size(), expected.size());
  EXPECT_TRUE(everything == expected);
}

}  // namespace
}  // namespace foster::logs
