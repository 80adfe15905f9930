#include "sys/input_fifo.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "support/temporary_directory.hpp"

namespace foster::sys {
namespace {

using testing::mode_of;
using testing::TemporaryDirectory;

std::string read_some(const UniqueFd& fd) {
  std::string text(1024, '\0');
  const ssize_t got = ::read(fd.get(), text.data(), text.size());
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

bool is_readable(const UniqueFd& fd) {
  pollfd poll{fd.get(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

ino_t inode_of(const UniqueFd& fd) {
  struct stat facts{};
  return ::fstat(fd.get(), &facts) == 0 ? facts.st_ino : 0;
}

int code_of(const auto& result) {
  return result ? 0 : result.error().code;
}

TEST(InputFifo, WhatIsWrittenArrivesAndNoEndOfFile) {
  const TemporaryDirectory directory;
  const UniqueFd service = create_input_fifo(directory.fd(), "in").value();
  {
    const UniqueFd writer = open_input_fifo(directory.fd(), "in").value();
    EXPECT_EQ(write_input(writer, "hello\n").value(), 6U);
  }
  EXPECT_EQ(read_some(service), "hello\n");
  EXPECT_FALSE(is_readable(service)) << "no writer is left, and that is no end of file";
}

TEST(InputFifo, WhoeverWritesSeesThatNobodyReads) {
  const TemporaryDirectory directory;
  UniqueFd service = create_input_fifo(directory.fd(), "in").value();
  const UniqueFd writer = open_input_fifo(directory.fd(), "in").value();
  service.reset();
  (void)::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(code_of(write_input(writer, "x")), EPIPE);
  EXPECT_EQ(code_of(open_input_fifo(directory.fd(), "in")), ENXIO);
  EXPECT_EQ(code_of(open_input_fifo(directory.fd(), "other")), ENOENT);
}

TEST(InputFifo, EachRunBeginsWithAnEmptyOne) {
  const TemporaryDirectory directory;
  const UniqueFd first = create_input_fifo(directory.fd(), "in").value();
  const UniqueFd writer = open_input_fifo(directory.fd(), "in").value();
  ASSERT_TRUE(write_input(writer, "for the first"));
  const UniqueFd second = create_input_fifo(directory.fd(), "in").value();
  EXPECT_FALSE(is_readable(second));
  EXPECT_EQ(read_some(first), "for the first");
}

TEST(InputFifo, OneThatNobodyHasOpenIsTakenAgain) {
  const TemporaryDirectory directory;
  UniqueFd first = create_input_fifo(directory.fd(), "in").value();
  const ino_t inode = inode_of(first);
  {
    const UniqueFd writer = open_input_fifo(directory.fd(), "in").value();
    ASSERT_TRUE(write_input(writer, "gone with its last reader"));
  }
  first.reset();
  const UniqueFd second = create_input_fifo(directory.fd(), "in").value();
  EXPECT_EQ(inode_of(second), inode);
  EXPECT_FALSE(is_readable(second));
  EXPECT_EQ(::fcntl(second.get(), F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR) << "it blocks, as a program expects";
}

TEST(InputFifo, BytesThatAWriterKeepsAliveAreNotForTheNextRun) {
  const TemporaryDirectory directory;
  UniqueFd first = create_input_fifo(directory.fd(), "in").value();
  const ino_t inode = inode_of(first);
  const UniqueFd writer = open_input_fifo(directory.fd(), "in").value();
  ASSERT_TRUE(write_input(writer, "for the first"));
  first.reset();
  const UniqueFd second = create_input_fifo(directory.fd(), "in").value();
  EXPECT_NE(inode_of(second), inode);
  EXPECT_FALSE(is_readable(second));
}

TEST(InputFifo, WhoeverStillHasTheOldOneOpenForWritingDoesNotReachTheNextRun) {
  const TemporaryDirectory directory;
  UniqueFd first = create_input_fifo(directory.fd(), "in").value();
  const UniqueFd writer = open_input_fifo(directory.fd(), "in").value();
  first.reset();
  const UniqueFd second = create_input_fifo(directory.fd(), "in").value();
  (void)::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(code_of(write_input(writer, "late")), EPIPE);
  EXPECT_FALSE(is_readable(second));
}

TEST(InputFifo, AnotherModeTakesANewOne) {
  const TemporaryDirectory directory;
  create_input_fifo(directory.fd(), "in").value().reset();
  create_input_fifo(directory.fd(), "in", InputAccess::readers).value().reset();
  EXPECT_EQ(mode_of(directory.path("in")), 0644U);
  create_input_fifo(directory.fd(), "in").value().reset();
  EXPECT_EQ(mode_of(directory.path("in")), 0600U);
}

TEST(InputFifo, AFullOneTakesNothingAndDoesNotBlock) {
  const TemporaryDirectory directory;
  const UniqueFd service = create_input_fifo(directory.fd(), "in").value();
  const UniqueFd writer = open_input_fifo(directory.fd(), "in").value();
  const std::string much(60'000, 'x');
  std::size_t taken = 0;
  for (;;) {
    const std::size_t written = write_input(writer, much).value();
    taken += written;
    if (written == 0) break;
    ASSERT_LT(taken, 4U << 20U);
  }
  EXPECT_GT(taken, 0U);
}

TEST(InputFifo, ItIsReadableForAServiceOfAnotherUser) {
  const TemporaryDirectory directory;
  const mode_t old = ::umask(0777);
  const auto own = create_input_fifo(directory.fd(), "own");
  const auto others = create_input_fifo(directory.fd(), "others", InputAccess::readers);
  ::umask(old);
  ASSERT_TRUE(own);
  ASSERT_TRUE(others);
  EXPECT_EQ(mode_of(directory.path("own")), 0600U);
  EXPECT_EQ(mode_of(directory.path("others")), 0644U);
}

TEST(InputFifo, NothingElseIsTakenForOne) {
  const TemporaryDirectory directory;
  testing::write_file(directory.path("file"), "text");
  EXPECT_EQ(code_of(open_input_fifo(directory.fd(), "file")), EPERM);
  ASSERT_EQ(::symlink("file", directory.path("link").c_str()), 0);
  EXPECT_EQ(code_of(open_input_fifo(directory.fd(), "link")), ELOOP);
  ASSERT_TRUE(create_input_fifo(directory.fd(), "file")) << "a new one takes the place of what is there";
  struct stat facts{};
  ASSERT_EQ(::lstat(directory.path("file").c_str(), &facts), 0);
  EXPECT_TRUE(S_ISFIFO(facts.st_mode));
}

}  // namespace
}  // namespace foster::sys
