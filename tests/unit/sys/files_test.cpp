#include "sys/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "support/temporary_directory.hpp"
#include "sys/facilities.hpp"

namespace foster::sys {
namespace {

using testing::contents_of;
using testing::mode_of;
using testing::TemporaryDirectory;
using testing::write_file;

std::size_t entries_in(const std::string& path) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
}

TEST(OpenFile, IsCloseOnExecAndNamesWhatIsMissing) {
  const auto fd = open_file("/dev/null", O_RDONLY);
  ASSERT_TRUE(fd);
  EXPECT_NE(::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC, 0);
  const auto missing = open_file("/nonexistent/file", O_RDONLY);
  ASSERT_FALSE(missing);
  EXPECT_EQ(to_string(missing.error()), "open /nonexistent/file: No such file or directory");
}

TEST(ReadFile, ReadsFilesThatClaimToBeEmpty) {
  const auto text = read_file("/proc/self/status");
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("Name:"));
}

TEST(ReadFile, AcceptsExactlyTheLimitAndRefusesOneByteMore) {
  const TemporaryDirectory directory;
  write_file(directory.path("ten"), "0123456789");
  EXPECT_EQ(read_file(directory.path("ten"), 10).value(), "0123456789");
  const auto longer = read_file(directory.path("ten"), 9);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, EFBIG);
}

TEST(ReadFile, OfADirectoryIsAnError) {
  const auto text = read_file("/proc");
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, EISDIR);
}

TEST(ReadSmall, StopsAtTheEndOfTheBuffer) {
  const TemporaryDirectory directory;
  write_file(directory.path("ten"), "0123456789");
  char buffer[4];
  EXPECT_EQ(read_small(directory.path("ten").c_str(), buffer).value(), 4U);
  EXPECT_EQ(std::string_view(buffer, 4), "0123");
}

TEST(WriteAll, GoesOnAfterShortWritesAndSignals) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  ASSERT_GE(::fcntl(in.get(), F_SETPIPE_SZ, 4096), 0);
  struct sigaction nothing{};
  nothing.sa_handler = [](int) {};
  struct sigaction found{};
  ASSERT_EQ(::sigaction(SIGUSR1, &nothing, &found), 0);

  const std::string sent(300'000, 'x');
  std::string got;
  const pthread_t writer = ::pthread_self();
  std::thread reader([&] {
    char buffer[1000];
    for (ssize_t n; (n = ::read(out.get(), buffer, sizeof buffer)) > 0;) {
      got.append(buffer, static_cast<std::size_t>(n));
      ::pthread_kill(writer, SIGUSR1);
    }
  });
  EXPECT_TRUE(write_all(in, sent));
  in.reset();
  reader.join();
  EXPECT_EQ(got, sent);
  ::sigaction(SIGUSR1, &found, nullptr);
}

TEST(WriteAll, ReportsAFullDisk) {
  const auto full = open_file("/dev/full", O_WRONLY);
  ASSERT_TRUE(full);
  EXPECT_EQ(write_all(*full, "x").error().code, ENOSPC);
}

TEST(ReplaceFile, SetsTheModeWhateverTheUmask) {
  const TemporaryDirectory directory;
  const mode_t found = ::umask(0077);
  EXPECT_TRUE(replace_file(directory.path("f"), "one", {.mode = 0644}));
  ::umask(found);
  EXPECT_EQ(contents_of(directory.path("f")), "one");
  EXPECT_EQ(mode_of(directory.path("f")), 0644U);
  EXPECT_TRUE(replace_file(directory.path("f"), "two", {.durability = Durability::power_loss}));
  EXPECT_EQ(contents_of(directory.path("f")), "two");
  EXPECT_EQ(mode_of(directory.path("f")), 0600U);
  EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(ReplaceFile, ReplacesASymlinkInsteadOfFollowingIt) {
  const TemporaryDirectory directory;
  write_file(directory.path("target"), "precious");
  std::filesystem::create_symlink("target", directory.path("link"));
  EXPECT_TRUE(replace_file(directory.path("link"), "new"));
  EXPECT_EQ(contents_of(directory.path("target")), "precious");
  EXPECT_EQ(contents_of(directory.path("link")), "new");
}

TEST(ReplaceFile, LeavesNothingBehindWhenItFails) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.path("in-the-way"));
  const auto done = replace_file(directory.path("in-the-way"), "x");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, EISDIR);
  EXPECT_EQ(entries_in(directory.path()), 1U);
}

TEST(CreateDirectories, MakesEachMissingOneWithTheMode) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(create_directories(directory.path("a/b//c/"), 0700));
  EXPECT_EQ(mode_of(directory.path("a")), 0700U);
  EXPECT_EQ(mode_of(directory.path("a/b/c")), 0700U);
  EXPECT_TRUE(create_directories(directory.path("a/b/c")));
}

TEST(CreateDirectories, NamesTheFileThatIsInTheWay) {
  const TemporaryDirectory directory;
  write_file(directory.path("file"), "");
  const auto done = create_directories(directory.path("file/below"));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ENOTDIR);
  EXPECT_EQ(done.error().detail, directory.path("file"));
}

/// Both ways to the same rules.
class OpenBeneath : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    forbid_facilities_for_testing(GetParam());
    ASSERT_TRUE(create_directories(directory.path("in/deep")));
    write_file(directory.path("in/deep/file"), "here");
    write_file(directory.path("outside"), "secret");
    std::filesystem::create_symlink("../outside", directory.path("in/link"));
    std::filesystem::create_symlink("deep", directory.path("in/short"));
    in = UniqueFd(::open(directory.path("in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }
  void TearDown() override { forbid_facilities_for_testing(""); }

  int code_for(const std::string& path, int flags = O_RDONLY) {
    const auto fd = open_beneath(in, path, flags, 0600);
    return fd ? 0 : fd.error().code;
  }

  TemporaryDirectory directory;
  UniqueFd in;
};

TEST_P(OpenBeneath, FindsWhatLiesInside) {
  EXPECT_EQ(code_for("deep/file"), 0);
  EXPECT_EQ(code_for("./deep//file"), 0);
  EXPECT_EQ(code_for("deep/new", O_WRONLY | O_CREAT | O_EXCL), 0);
  EXPECT_EQ(mode_of(directory.path("in/deep/new")), 0600U);
}

TEST_P(OpenBeneath, RefusesEveryWayOut) {
  EXPECT_EQ(code_for("../outside"), EXDEV);
  EXPECT_EQ(code_for(directory.path("outside")), EXDEV);
  EXPECT_EQ(code_for("link"), ELOOP);
  EXPECT_EQ(code_for("short/file"), ELOOP);
}

TEST_P(OpenBeneath, ReportsWhatIsMissing) {
  EXPECT_EQ(code_for("nowhere/file"), ENOENT);
  EXPECT_EQ(code_for(""), ENOENT);
}

INSTANTIATE_TEST_SUITE_P(BothWays, OpenBeneath, ::testing::Values("", "openat2"),
                         [](const auto& chosen) { return *chosen.param == '\0' ? "InOneCall" : "StepByStep"; });

}  // namespace
}  // namespace foster::sys
