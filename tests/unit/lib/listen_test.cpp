// Listening sockets, and what the kernel says about them.
#include <foster/listen.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>

#include "support/temporary_directory.hpp"
#include "unit/sys/spawning.hpp"

namespace foster {
namespace {

using foster::testing::mode_of;
using foster::testing::TemporaryDirectory;
using sys::testing::in_forked_process;

int option_of(BorrowedFd socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(socket.get(), level, option, &value, &size), 0);
  return value;
}

bool has_ipv6() {
  const auto socket = listen_on("[::1]:0");
  return socket.has_value();
}

int connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

TEST(ListenOn, APortThatIsLeftToTheKernelIsNamed) {
  const auto socket = listen_on("127.0.0.1:0");
  ASSERT_TRUE(socket.has_value());
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ASSERT_EQ(::getsockname(socket->fd().get(), reinterpret_cast<sockaddr*>(&bound), &size), 0);
  EXPECT_NE(bound.sin_port, 0);
  EXPECT_EQ(bound.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
  EXPECT_EQ(socket->address(), "127.0.0.1:" + std::to_string(ntohs(bound.sin_port)));
  EXPECT_EQ(option_of(socket->fd(), SOL_SOCKET, SO_ACCEPTCONN), 1);
}

TEST(ListenOn, TheSocketNeitherBlocksNorIsInherited) {
  const auto socket = listen_on("127.0.0.1:0");
  ASSERT_TRUE(socket.has_value());
  EXPECT_NE(::fcntl(socket->fd().get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(socket->fd().get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(ListenOn, WhoeverHoldsAPortExclusivelyHasIt) {
  const auto first = listen_on("127.0.0.1:0");
  ASSERT_TRUE(first.has_value());
  const auto second = listen_on(first->address(), {.sharing = PortSharing::reuse_port});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(to_string(second.error()), "bind " + first->address() + ": Address already in use");
}

TEST(ListenOn, APortThatIsSharedTakesSeveral) {
  const ListenOptions shared{.sharing = PortSharing::reuse_port};
  const auto first = listen_on("127.0.0.1:0", shared);
  ASSERT_TRUE(first.has_value());
  EXPECT_TRUE(listen_on(first->address(), shared).has_value());
}

TEST(ListenOn, AnIpv6AddressIsIpv6Only) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  const auto socket = listen_on("[::]:0");
  ASSERT_TRUE(socket.has_value());
  EXPECT_EQ(option_of(socket->fd(), IPPROTO_IPV6, IPV6_V6ONLY), 1);
  EXPECT_THAT(socket->address(), ::testing::StartsWith("[::]:"));
}

TEST(ListenOn, AStarTakesIpv4InAnyCase) {
  const auto socket = listen_on("*:0");
  ASSERT_TRUE(socket.has_value());
  sockaddr_in client{};
  client.sin_family = AF_INET;
  client.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  client.sin_port = htons(static_cast<std::uint16_t>(std::stoi(socket->address().substr(2))));
  const UniqueFd peer(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(peer.get(), reinterpret_cast<const sockaddr*>(&client), sizeof client), 0);
}

TEST(ListenOn, WhatIsNoAddressIsRefusedByName) {
  for (const char* text :
       {"", ":80", "80", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8o",
        "::1:80", "[::1]", "[]:80", "[::1%nosuchlink]:80", "*", "**:80"}) {
    const auto socket = listen_on(text);
    ASSERT_FALSE(socket.has_value()) << text;
    EXPECT_EQ(socket.error(), (Error{"address", EINVAL, text}));
  }
}

TEST(ListenOn, AUnixSocketHasItsModeAndGoesWithItsOwner) {
  TemporaryDirectory directory;
  const std::string path = directory.path("socket");
  {
    const auto socket = listen_on(path, {.unix_mode = 0666});
    ASSERT_TRUE(socket.has_value()) << to_string(socket.error());
    EXPECT_EQ(mode_of(path), 0666U);
    EXPECT_EQ(connect_to(path), 0);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ListenOn, ARunningServerKeepsItsUnixSocket) {
  TemporaryDirectory directory;
  const auto first = listen_on(directory.path("socket"));
  ASSERT_TRUE(first.has_value());
  const auto second = listen_on(directory.path("socket"));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, EADDRINUSE);
  EXPECT_EQ(connect_to(directory.path("socket")), 0);
}

TEST(ListenOn, AUnixSocketWhoseServerIsGoneIsReplaced) {
  TemporaryDirectory directory;
  const std::string path = directory.path("socket");
  ASSERT_EQ(in_forked_process([&] { return listen_on(path).has_value() ? std::filesystem::exists(path) ? 0 : 2 : 1; }),
            0);
  EXPECT_EQ(in_forked_process([&] {
              auto leaked = listen_on(path);
              if (!leaked) return 1;
              ::_exit(0);
            }),
            0);
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_EQ(connect_to(path), ECONNREFUSED);
  const auto socket = listen_on(path);
  ASSERT_TRUE(socket.has_value()) << to_string(socket.error());
  EXPECT_EQ(connect_to(path), 0);
}

TEST(ListenOn, AFileThatIsNoSocketStays) {
  TemporaryDirectory directory;
  testing::write_file(directory.path("file"), "text");
  const auto socket = listen_on(directory.path("file"));
  ASSERT_FALSE(socket.has_value());
  EXPECT_EQ(socket.error().code, EADDRINUSE);
  EXPECT_EQ(testing::contents_of(directory.path("file")), "text");
}

TEST(ListeningSocket, AChildNeverRemovesTheFile) {
  TemporaryDirectory directory;
  auto socket = listen_on(directory.path("socket"));
  ASSERT_TRUE(socket.has_value());
  ASSERT_EQ(in_forked_process([&] {
              const ListeningSocket taken = std::move(*socket);
              return 0;
            }),
            0);
  EXPECT_EQ(connect_to(directory.path("socket")), 0);
}

TEST(ListeningSocket, TheFileOfALaterServerStays) {
  TemporaryDirectory directory;
  const std::string path = directory.path("socket");
  std::optional<Result<ListeningSocket>> later;
  {
    auto first = listen_on(path);
    ASSERT_TRUE(first.has_value());
    std::filesystem::remove(path);
    later.emplace(listen_on(path));
    ASSERT_TRUE(later->has_value());
  }
  EXPECT_EQ(connect_to(path), 0);
}

}  // namespace
}  // namespace foster
