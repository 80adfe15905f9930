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

/// Somebody who is told, and survives kills: a record counts from when its end is written.
class Witness {
 public:
  explicit Witness(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CREAT, 0600)) {
    if (::pread(file_.get(), &known_, sizeof known_, 0) != sizeof known_) known_ = {};
  }

  void hear(const ToldOutput& told) {
    if (told.until.stream == known_.until.stream && told.until.end <= known_.until.end) return;
    const Record record{.size = told.text.size(), .part = told.part};
    std::string bytes(reinterpret_cast<const char*>(&record), sizeof record);
    bytes += told.text;
    write(bytes.data(), bytes.size(), sizeof known_ + known_.end);
    known_ = {.until = told.until, .end = known_.end + bytes.size()};
    write(&known_, sizeof known_, 0);
    // A kill is likely between this and whatever the teller stores.
    if (told.until.end % 16 == 0) ::sched_yield();
  }

  [[nodiscard]] std::string all(OutputPart part) const {
    std::string text;
    Record record;
    for (std::uint64_t at = 0; at < known_.end; at += sizeof record + record.size) {
      EXPECT_EQ(::pread(file_.get(), &record, sizeof record, static_cast<off_t>(sizeof known_ + at)),
                static_cast<ssize_t>(sizeof record));
      if (record.part != part) continue;
      std::string one(record.size, '\0');
      EXPECT_EQ(::pread(file_.get(), one.data(), one.size(), static_cast<off_t>(sizeof known_ + at + sizeof record)),
                static_cast<ssize_t>(one.size()));
      text += one;
    }
    return text;
  }

 private:
  struct Known {
    OutputMark until = {};
    std::uint64_t end = 0;  ///< Of the records.
  };
  struct Record {
    std::uint64_t size = 0;
    OutputPart part = OutputPart::written;
  };

  void write(const void* bytes, std::size_t size, std::uint64_t at) const {
    if (::pwrite(file_.get(), bytes, size, static_cast<off_t>(at)) != static_cast<ssize_t>(size)) ::_exit(1);
  }

  UniqueFd file_;
  Known known_;
};

class SieveTest : public ::testing::Test {
 protected:
  Pump new_pump(const FilterRules& rules, const Rotation& rotation = kUnlimited, Witness* witness = nullptr) {
    Pump pump = logging.new_pump(rotation);
    pump.sift(std::make_unique<Sieve>(Staged::open(logging.directory.fd(), "out.staged").value(), rules,
                                      [this, witness](const ToldOutput& told) {
                                        if (witness != nullptr) return witness->hear(told);
                                        (told.part == OutputPart::written ? written : captured) += told.text;
                                        marks.push_back(told.until);
                                        if (when_told) when_told();
                                      }));
    return pump;
  }

  Logging logging;
  std::string written;
  std::string captured;
  std::function<void()> when_told;
  std::vector<OutputMark> marks;
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

TEST_F(SieveTest, WhatIsToldAgainHasTheSameMark) {
  auto pump = std::optional(new_pump({.capture = 100}));
  logging.say("one\n" + kBegin + "hidden" + kEnd + "two\n");
  ASSERT_TRUE(pump->pump());
  const std::size_t size = 4 + kBegin.size() + 6 + kEnd.size() + 4;
  ASSERT_EQ(marks.size(), 3U);
  EXPECT_EQ(marks.at(0).end, 4U);
  EXPECT_EQ(marks.at(1).end, size - 4);
  EXPECT_EQ(marks.at(2).end, size);
  // As a kill leaves it before the place is stored: the file has the bytes, and nobody knows.
  const auto header = foster::testing::contents_of(logging.directory.path("out.staged")).substr(0, 64);
  logging.say("three\n");
  ASSERT_TRUE(pump->pump());
  const OutputMark last = marks.back();
  EXPECT_EQ(last.end, size + 6);
  pump.reset();
  const UniqueFd file(::open(logging.directory.path("out.staged").c_str(), O_WRONLY));
  ASSERT_EQ(::pwrite(file.get(), header.data(), header.size(), 0), 64);
  marks.clear();
  pump.emplace(new_pump({.capture = 100}));
  ASSERT_TRUE(pump->pump());
  EXPECT_EQ(marks, std::vector{last});
  EXPECT_NE(last.stream, 0U);
}

TEST_F(SieveTest, MarksGoOnWhenTheFileIsEmptied) {
  auto pump = std::optional(new_pump({.strips_ansi = true}));
  std::uint64_t sent = 0;
  for (unsigned round = 0; round < 20; ++round) {
    logging.say(std::string(50'000, 'x'));
    sent += 50'000;
    ASSERT_TRUE(pump->pump());
    EXPECT_EQ(marks.back(), (OutputMark{marks.front().stream, sent}));
    pump.reset();
    pump.emplace(new_pump({.strips_ansi = true}));
  }
}

/// What a killed supervisor does: a process that sifts is killed, again and again, while another writes.
TEST_F(SieveTest, BeingKilledLosesAndRepeatsNothing) {
  std::mt19937 random(17);
  std::string sent;
  std::string expected;
  std::size_t messages = 0;
  for (unsigned number = 0; sent.size() < 4'000'000; ++number) {
    const std::string line = random_line(random, number, 300);
    expected += line;
    const std::size_t cut = random() % line.size();
    const bool has_message = random() % 3 == 0;
    messages += has_message ? 1U : 0U;
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
      Witness witness(logging.directory.path("told"));
      auto pump = new_pump(rules, rotation, &witness);
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
  {
    Witness witness(logging.directory.path("told"));
    auto pump = new_pump(rules, rotation, &witness);
    while (pump.pump()->bytes > 0) {
    }
    ASSERT_TRUE(pump.finish_run());
  }
  EXPECT_GT(kills, 20);
  const Witness told(logging.directory.path("told"));
  const std::string written_ones = told.all(OutputPart::written);
  EXPECT_TRUE(written_ones == expected) << "told of " << written_ones.size() << " bytes";
  EXPECT_EQ(told.all(OutputPart::captured).size(), messages * std::string_view("left out").size());
  const std::string everything = logging.everything();
  EXPECT_EQ(everything.size(), expected.size());
  EXPECT_TRUE(everything == expected);
}

}  // namespace
}  // namespace foster::logs
