#include "sys/unix_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "sys/check.hpp"

namespace foster::sys {
namespace {

/// The name as seen through /proc, which the kernel follows into the directory itself: short, however deep it lies.
Result<sockaddr_un> address_in(BorrowedFd directory, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const int length =
      std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", directory.get(), name.c_str());
  if (length < 0 || static_cast<std::size_t>(length) >= sizeof address.sun_path || name.contains('/')) {
    return failure("address", ENAMETOOLONG, name);
  }
  return address;
}

Result<UniqueFd> make_socket(int flags) {
  auto number = check(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket");
  if (!number) return std::unexpected(number.error());
  return UniqueFd(*number);
}

Result<> remove_old_socket(BorrowedFd directory, const std::string& name) {
  struct stat facts{};
  if (::fstatat(directory.get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) return {};
  if (!S_ISSOCK(facts.st_mode)) return failure("bind", EADDRINUSE, name);
  if (::unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT) return failure("unlink", errno, name);
  return {};
}

}  // namespace

Result<UniqueFd> listen_unix(BorrowedFd directory, const std::string& name, const ListenOptions& options) {
  const auto address = address_in(directory, name);
  if (!address) return std::unexpected(address.error());
  auto socket = make_socket(SOCK_NONBLOCK);
  if (!socket) return socket;
  if (auto done = remove_old_socket(directory, name); !done) return std::unexpected(done.error());
  // bind gives the file the mode of the socket, less the umask.
  if (auto done = check_done(::fchmod(socket->get(), options.mode), "chmod", name); !done) {
    return std::unexpected(done.error());
  }
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return failure("bind", errno, name);
  }
  if (::fchmodat(directory.get(), name.c_str(), options.mode, 0) != 0) return failure("chmod", errno, name);
  if (::listen(socket->get(), options.backlog) != 0) return failure("listen", errno, name);
  return socket;
}

Result<UniqueFd> connect_unix(BorrowedFd directory, const std::string& name) {
  const auto address = address_in(directory, name);
  if (!address) return std::unexpected(address.error());
  auto socket = make_socket(0);
  if (!socket) return socket;
  const int connected = retry_on_eintr(
      [&] { return ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address); });
  if (connected != 0) return failure("connect", errno, name);
  return socket;
}

bool has_listener(BorrowedFd directory, const std::string& name) {
  const auto address = address_in(directory, name);
  const auto socket = make_socket(SOCK_NONBLOCK);
  if (!address || !socket) return false;
  // EAGAIN: the backlog is full.
  return ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 ||
         errno == EAGAIN;
}

Result<PeerCredentials> peer_credentials(BorrowedFd socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return failure("peer credentials", errno);
  }
  return PeerCredentials{peer.pid, peer.uid, peer.gid};
}

}  // namespace foster::sys
