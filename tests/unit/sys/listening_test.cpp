#include "sys/listening.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace foster::sys {
namespace {

TEST(IsListening, OfASocketThatListensAndOfNothingElse) {
  for (const int family : {AF_INET, AF_UNIX}) {
    const UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage address{};
    address.ss_family = static_cast<sa_family_t>(family);
    // No port and no name of a file: the kernel chooses.
    const socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sa_family_t);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_FALSE(is_listening(socket)) << family;
    ASSERT_EQ(::listen(socket.get(), 1), 0);
    EXPECT_TRUE(is_listening(socket)) << family;
  }
  EXPECT_FALSE(is_listening(BorrowedFd(STDERR_FILENO)));
  EXPECT_FALSE(is_listening(UniqueFd()));
}

}  // namespace
}  // namespace foster::sys
