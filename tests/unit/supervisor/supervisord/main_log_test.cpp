#include "supervisor/supervisord/main_log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "support/temporary_directory.hpp"
#include "sys/files.hpp"

namespace foster::supervisor::supervisord {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class MainLogTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name = "main.log") const { return directory_.path() + "/" + name; }
  [[nodiscard]] std::string text(const std::string& name = "main.log") const {
    return sys::read_file(path(name)).value_or("");
  }
  void open(std::optional<std::uint64_t> max_size, unsigned keep) {
    const auto opened = log_.open({.file = path(), .max_size = max_size, .keep = keep});
    ASSERT_TRUE(opened);
  }

  testing::TemporaryDirectory directory_;
  MainLog log_;
};

TEST_F(MainLogTest, ALineHasItsTimeAndLevel) {
  open({}, 0);
  log_.write(Level::warn, "hot");
  log_.write(Level::debug, "not told");
  EXPECT_THAT(text(), MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8},[0-9]{3} WARN hot\n"));
}

TEST_F(MainLogTest, AFullFileIsKeptUnderAnotherName) {
  open(60, 2);
  for (const char* word : {"one", "two", "three", "four", "five", "six", "seven"}) log_.write(Level::info, word);
  EXPECT_THAT(text(), EndsWith("seven\n"));
  EXPECT_THAT(text("main.log.1"), HasSubstr("five"));
  EXPECT_THAT(text("main.log.2"), HasSubstr("three"));
  EXPECT_FALSE(std::filesystem::exists(path("main.log.3")));
}

TEST_F(MainLogTest, WithNothingToKeepAFullFileIsEmptied) {
  open(60, 0);
  for (const char* word : {"one", "two", "three"}) log_.write(Level::info, word);
  EXPECT_THAT(text(), EndsWith("three\n"));
  EXPECT_THAT(text(), ::testing::Not(HasSubstr("one")));
}

TEST_F(MainLogTest, IsReopenedByItsName) {
  open({}, 0);
  log_.write(Level::info, "before");
  std::filesystem::rename(path(), path("old"));
  ASSERT_TRUE(log_.reopen());
  log_.write(Level::info, "after");
  EXPECT_THAT(text("old"), EndsWith("before\n"));
  EXPECT_THAT(text(), EndsWith("after\n"));
}

TEST_F(MainLogTest, IsClearedAndGoesOn) {
  open({}, 0);
  log_.write(Level::info, "before");
  ASSERT_TRUE(log_.clear());
  EXPECT_EQ(text(), "");
  log_.write(Level::info, "after");
  EXPECT_THAT(text(), EndsWith("after\n"));
  std::filesystem::remove(path());
  EXPECT_EQ(log_.clear().error().code, ENOENT);
}

TEST_F(MainLogTest, AReaderThatDoesNotReadHoldsNothingUp) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const UniqueFd read(ends[0]);
  const UniqueFd write(ends[1]);
  ASSERT_TRUE(log_.open({.file = path(), .also_to = BorrowedFd(write.get())}));
  const std::string line(1000, 'x');
  for (int n = 0; n < 200; ++n) log_.write(Level::info, line);
  EXPECT_EQ(std::filesystem::file_size(path()), 200U * (line.size() + 30));
}

TEST_F(MainLogTest, WithoutADirectoryItIsRefused) {
  EXPECT_EQ(log_.open({.file = path("no/such/main.log")}).error().code, ENOENT);
}

}  // namespace
}  // namespace foster::supervisor::supervisord
