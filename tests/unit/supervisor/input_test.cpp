#include "supervisor/input.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "support/temporary_directory.hpp"

namespace foster::supervisor {
namespace {

using testing::TemporaryDirectory;

class InputTest : public ::testing::Test {
 protected:
  void SetUp() override { (void)::signal(SIGPIPE, SIG_IGN); }

  UniqueFd begin() {
    UniqueFd service = input.begin_run(sys::InputAccess::owner).value();
    (void)::fcntl(service.get(), F_SETFL, O_RDWR | O_NONBLOCK);
    return service;
  }

  int write(std::string_view text) {
    const auto written = input.write(text);
    return written ? 0 : written.error().code;
  }

  TemporaryDirectory directory;
  Loop loop;
  Input input{loop, directory.fd(), "7"};
};

/// Reads from the loop until so much is there.
class Reader {
 public:
  Reader(Loop& loop, UniqueFd& fd, std::size_t wanted) : loop_(loop), fd_(fd), wanted_(wanted) {}

  const std::string& read() {
    const Watch watch(loop_, fd_, [this] {
      char buffer[4096];
      const ssize_t got = ::read(fd_.get(), buffer, sizeof buffer);
      if (got > 0) text_.append(buffer, static_cast<std::size_t>(got));
      if (text_.size() >= wanted_) loop_.stop();
    });
    loop_.run();
    return text_;
  }

 private:
  Loop& loop_;
  UniqueFd& fd_;
  std::size_t wanted_;
  std::string text_;
};

TEST_F(InputTest, WhatIsSentArrivesInOrder) {
  UniqueFd service = begin();
  ASSERT_EQ(write("one "), 0);
  ASSERT_EQ(write("two"), 0);
  EXPECT_EQ(Reader(loop, service, 7).read(), "one two");
}

TEST_F(InputTest, WhatDoesNotFitFollowsAsThereIsRoom) {
  UniqueFd service = begin();
  std::string sent;
  for (char c = 'a'; c <= 'j'; ++c) {
    const std::string part(100'000, c);
    ASSERT_EQ(write(part), 0) << c;
    sent += part;
  }
  EXPECT_TRUE(Reader(loop, service, sent.size()).read() == sent);
}

TEST_F(InputTest, WhoeverReadsNothingIsNotSentWithoutEnd) {
  const UniqueFd service = begin();
  const std::string part(100'000, 'x');
  int refused = 0;
  for (int n = 0; n < 50 && refused == 0; ++n) refused = write(part);
  EXPECT_EQ(refused, ENOBUFS);
}

TEST_F(InputTest, AClosedOneIsTold) {
  begin().reset();
  EXPECT_EQ(write("x"), ENXIO);
}

TEST_F(InputTest, TheNextRunGetsNothingOfTheLast) {
  const UniqueFd first = begin();
  const std::string much(1'000'000, 'x');
  ASSERT_EQ(write(much), 0);
  (void)write(much);
  UniqueFd second = begin();
  ASSERT_EQ(write("new"), 0);
  EXPECT_EQ(Reader(loop, second, 3).read(), "new");
}

TEST_F(InputTest, ANewSupervisorFindsItByName) {
  UniqueFd service = begin();
  Input found(loop, directory.fd(), "7");
  ASSERT_TRUE(found.write("hello"));
  EXPECT_EQ(Reader(loop, service, 5).read(), "hello");
}

}  // namespace
}  // namespace foster::supervisor
