#include "sys/channel.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <string_view>

#include "unit/sys/spawning.hpp"

namespace foster::sys {
namespace {

using namespace testing;
using Outcome = Channel::Outcome;

struct Ends {
  Channel one;
  Channel other;
};

Ends make_channel() {
  auto pair = Channel::pair();
  EXPECT_TRUE(pair);
  return {std::move(pair->first), std::move(pair->second)};
}

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

struct Buffer {
  std::array<std::byte, 64> space{};
  [[nodiscard]] std::string_view text(std::size_t size) const {
    return {reinterpret_cast<const char*>(space.data()), size};
  }
};

TEST(ChannelPeek, ShowsTheSameMessageUntilItIsTaken) {
  auto [one, other] = make_channel();
  ASSERT_TRUE(one.send(bytes("first")));
  ASSERT_TRUE(one.send(bytes("second")));
  Buffer buffer;
  for (int look = 0; look < 2; ++look) {
    const auto seen = other.peek(buffer.space);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->outcome, Outcome::message);
    EXPECT_EQ(buffer.text(seen->size), "first");
  }
  ASSERT_TRUE(other.take(buffer.space));
  const auto next = other.peek(buffer.space);
  ASSERT_TRUE(next);
  EXPECT_EQ(buffer.text(next->size), "second");
}

TEST(ChannelPeek, SurvivesTheDeathOfWhoeverPeeked) {
  auto [one, other] = make_channel();
  ASSERT_TRUE(one.send(bytes("kept")));
  Channel& reader = other;
  EXPECT_EQ(in_forked_process([&reader] {
              Buffer buffer;
              const auto seen = reader.peek(buffer.space);
              return seen && seen->outcome == Outcome::message ? 0 : 1;
            }),
            0);
  Buffer buffer;
  const auto taken = other.take(buffer.space);
  ASSERT_TRUE(taken);
  EXPECT_EQ(buffer.text(taken->size), "kept");
}

TEST(Channel, EmptyAndEndAreDifferentThings) {
  Buffer buffer;
  auto [one, other] = make_channel();
  EXPECT_EQ(other.peek(buffer.space)->outcome, Outcome::empty);
  EXPECT_EQ(other.take(buffer.space)->outcome, Outcome::empty);
  ASSERT_TRUE(one.send(bytes("last words")));
  {
    const UniqueFd closed = std::move(one).into_fd();
  }
  EXPECT_EQ(other.peek(buffer.space)->outcome, Outcome::message);
  EXPECT_EQ(other.take(buffer.space)->outcome, Outcome::message);
  EXPECT_EQ(other.peek(buffer.space)->outcome, Outcome::end);
  EXPECT_EQ(other.take(buffer.space)->outcome, Outcome::end);
}

TEST(Channel, LastWordsAreReadThoughTheirSenderHadUnreadOnes) {
  auto [one, other] = make_channel();
  ASSERT_TRUE(other.send(bytes("never read")));
  ASSERT_TRUE(one.send(bytes("last words")));
  {
    const UniqueFd closed = std::move(one).into_fd();
  }
  Buffer buffer;
  const auto taken = other.take(buffer.space);
  ASSERT_TRUE(taken) << to_string(taken.error());
  EXPECT_EQ(buffer.text(taken->size), "last words");
  EXPECT_EQ(other.take(buffer.space)->outcome, Outcome::end);
}

TEST(ChannelSend, AFullSocketIsEagainAndLosesNothing) {
  auto [one, other] = make_channel();
  std::size_t sent = 0;
  Result<> outcome;
  while ((outcome = one.send(bytes("message")))) ++sent;
  EXPECT_EQ(outcome.error().code, EAGAIN);
  EXPECT_GT(sent, 1U);
  Buffer buffer;
  std::size_t received = 0;
  while (other.take(buffer.space)->outcome == Outcome::message) ++received;
  EXPECT_EQ(received, sent);
  EXPECT_TRUE(one.send(bytes("again")));
}

TEST(ChannelSend, NobodyLeftToReadIsEpipeWithoutASignal) {
  auto [one, other] = make_channel();
  {
    const UniqueFd closed = std::move(other).into_fd();
  }
  const auto sent = one.send(bytes("hello?"));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, EPIPE);
}

TEST(ChannelSend, AnEmptyMessageIsRefused) {
  auto [one, other] = make_channel();
  EXPECT_EQ(one.send({}).error().code, EINVAL);
}

TEST(Channel, AMessageLongerThanTheBufferIsAnErrorAndPeekLeavesIt) {
  auto [one, other] = make_channel();
  ASSERT_TRUE(one.send(bytes("too long for four")));
  std::array<std::byte, 4> small{};
  EXPECT_EQ(other.peek(small).error().code, EMSGSIZE);
  EXPECT_EQ(other.peek(small).error().code, EMSGSIZE);
  EXPECT_EQ(other.take(small).error().code, EMSGSIZE);
  EXPECT_EQ(other.take(small)->outcome, Outcome::empty);
}

TEST(ChannelFds, ArriveCloseOnExecAndMeanTheSameFile) {
  auto [one, other] = make_channel();
  const Pipe pipe = make_pipe();
  const std::array sent{BorrowedFd(pipe.reader), BorrowedFd(pipe.writer)};
  ASSERT_TRUE(one.send(bytes("two"), sent));
  Buffer buffer;
  std::array<UniqueFd, 4> fds;
  const auto taken = other.take(buffer.space, fds);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->fd_count, 2U);
  ASSERT_EQ(::write(fds[1].get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(fds[0].get(), &byte, 1), 1);
  for (int i = 0; i < 2; ++i) EXPECT_NE(::fcntl(fds[static_cast<std::size_t>(i)].get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(ChannelFds, APeekInstallsNone) {
  auto [one, other] = make_channel();
  ASSERT_TRUE(one.send(bytes("one"), std::array{BorrowedFd(0)}));
  const auto before = open_fds_of(::getpid());
  Buffer buffer;
  ASSERT_TRUE(other.peek(buffer.space));
  EXPECT_EQ(open_fds_of(::getpid()), before);
  std::array<UniqueFd, 1> fds;
  EXPECT_EQ(other.take(buffer.space, fds)->fd_count, 1U);
}

TEST(ChannelFds, MoreThanThereIsRoomForIsAnErrorAndLeaksNone) {
  auto [one, other] = make_channel();
  const std::array three{BorrowedFd(0), BorrowedFd(0), BorrowedFd(0)};
  const auto before = open_fds_of(::getpid());
  Buffer buffer;
  std::array<UniqueFd, 2> room_for_two;
  std::array<UniqueFd, 1> room_for_one;
  ASSERT_TRUE(one.send(bytes("three"), three));
  EXPECT_EQ(other.take(buffer.space, room_for_two).error().code, EMSGSIZE);
  ASSERT_TRUE(one.send(bytes("three"), three));
  EXPECT_EQ(other.take(buffer.space, room_for_one).error().code, EMSGSIZE);
  ASSERT_TRUE(one.send(bytes("three"), three));
  EXPECT_EQ(other.take(buffer.space).error().code, EMSGSIZE);
  EXPECT_EQ(open_fds_of(::getpid()), before);
}

TEST(ChannelPair, IsCloseOnExecAtBothEnds) {
  auto [one, other] = make_channel();
  EXPECT_NE(::fcntl(one.fd().get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(other.fd().get(), F_GETFD) & FD_CLOEXEC, 0);
}

}  // namespace
}  // namespace foster::sys
