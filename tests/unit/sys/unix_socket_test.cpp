#include "sys/unix_socket.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temporary_directory.hpp"
#include "sys/files.hpp"

namespace foster::sys {
namespace {

using testing::mode_of;
using testing::TemporaryDirectory;
using testing::write_file;

TEST(UnixSocketInADeepDirectory, CarriesBytesThoughItsPathIsTooLong) {
  const TemporaryDirectory directory;
  const std::string deep = directory.path(std::string(100, 'x') + "/" + std::string(100, 'y'));
  ASSERT_TRUE(create_directories(deep));
  const auto fd = open_file(deep, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(fd);
  const auto listener = listen_unix(*fd, "control.sock");
  ASSERT_TRUE(listener) << to_string(listener.error());
  const auto client = connect_unix(*fd, "control.sock");
  ASSERT_TRUE(client) << to_string(client.error());
  const UniqueFd server(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(server);
  ASSERT_TRUE(write_all(*client, "hello"));
  char text[8];
  EXPECT_EQ(::read(server.get(), text, sizeof text), 5);

  const auto peer = peer_credentials(server);
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->pid, ::getpid());
  EXPECT_EQ(peer->uid, ::geteuid());
  EXPECT_EQ(peer->gid, ::getegid());
}

TEST(ListenUnix, GivesTheModeWhateverTheUmask) {
  const TemporaryDirectory directory;
  for (const mode_t mask : {0U, 0777U}) {
    const mode_t found = ::umask(mask);
    const auto listener = listen_unix(directory.fd(), "s", {.mode = 0660});
    ::umask(found);
    ASSERT_TRUE(listener);
    EXPECT_EQ(mode_of(directory.path("s")), 0660U);
    EXPECT_NE(::fcntl(listener->get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(listener->get(), F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(ListenUnix, ReplacesTheSocketOfADeadListener) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(listen_unix(directory.fd(), "s"));  // closed at once
  EXPECT_EQ(connect_unix(directory.fd(), "s").error().code, ECONNREFUSED);
  const auto listener = listen_unix(directory.fd(), "s");
  ASSERT_TRUE(listener);
  EXPECT_TRUE(connect_unix(directory.fd(), "s"));
}

TEST(ListenUnix, DoesNotRemoveAFile) {
  const TemporaryDirectory directory;
  write_file(directory.path("s"), "precious");
  const auto listener = listen_unix(directory.fd(), "s");
  ASSERT_FALSE(listener);
  EXPECT_EQ(listener.error().code, EADDRINUSE);
  EXPECT_EQ(testing::contents_of(directory.path("s")), "precious");
}

TEST(ConnectUnix, TellsAMissingSocketFromABadName) {
  const TemporaryDirectory directory;
  EXPECT_EQ(connect_unix(directory.fd(), "s").error().code, ENOENT);
  EXPECT_EQ(connect_unix(directory.fd(), std::string(200, 's')).error().code, ENAMETOOLONG);
  EXPECT_EQ(connect_unix(directory.fd(), "../s").error().code, ENAMETOOLONG);
}

TEST(HasListener, IsTrueOfALiveOneAlsoWhenItsBacklogIsFull) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(has_listener(directory.fd(), "s"));
  {
    const auto listener = listen_unix(directory.fd(), "s", {.backlog = 0});
    ASSERT_TRUE(listener);
    for (int n = 0; n < 5; ++n) EXPECT_TRUE(has_listener(directory.fd(), "s"));  // nobody accepts any
  }
  EXPECT_FALSE(has_listener(directory.fd(), "s"));
}

}  // namespace
}  // namespace foster::sys
