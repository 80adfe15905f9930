#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <foster/listen.hpp>
#include "lib/socket_address.hpp"
#include "sys/check.hpp"
#include "sys/files.hpp"
#include "sys/unix_socket.hpp"

namespace foster {
namespace {

using sys::check;
using sys::check_done;

Result<UniqueFd> open_socket(SocketAddress& address, std::string_view text) {
  int number = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (number < 0 && errno == EAFNOSUPPORT && address.is_every_address) {
    address = every_ipv4_address(address);
    number = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  }
  auto opened = check(number, "socket", text);
  if (!opened) return Failure(opened.error());
  return UniqueFd(*opened);
}

Result<> switch_option(BorrowedFd socket, int level, int option, int value, std::string_view text) {
  return check_done(::setsockopt(socket.get(), level, option, &value, sizeof value), "socket option", text);
}

Result<> set_options(BorrowedFd socket, const SocketAddress& address, PortSharing sharing, std::string_view text) {
  // Connections of the last server that linger in TIME_WAIT are in nobody's way.
  if (auto done = switch_option(socket, SOL_SOCKET, SO_REUSEADDR, 1, text); !done) return done;
  if (sharing == PortSharing::reuse_port) {
    if (auto done = switch_option(socket, SOL_SOCKET, SO_REUSEPORT, 1, text); !done) return done;
  }
  if (address.family() != AF_INET6) return {};
  return switch_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, address.is_every_address ? 0 : 1, text);
}

/// IPv6 may be compiled in and switched off: then a socket can be had, but no address.
bool lacks_ipv6(const SocketAddress& address, const Error& error) {
  return address.is_every_address && address.family() == AF_INET6 && error.code == EADDRNOTAVAIL;
}

Result<UniqueFd> bind_tcp(SocketAddress address, std::string_view text, PortSharing sharing) {
  auto socket = open_socket(address, text);
  if (!socket) return socket;
  if (auto done = set_options(*socket, address, sharing, text); !done) return Failure(done.error());
  auto bound = check_done(::bind(socket->get(), address.native(), address.size), "bind", text);
  if (!bound && lacks_ipv6(address, bound.error())) return bind_tcp(every_ipv4_address(address), text, sharing);
  if (!bound) return Failure(bound.error());
  return socket;
}

in_port_t port_of(BorrowedFd socket) {
  sockaddr_in6 bound{};  // the port has the same place in both families
  socklen_t size = sizeof bound;
  (void)::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &size);  // it is bound
  return bound.sin6_port;
}

struct UnixListener {
  UniqueFd fd;
  struct stat file;
};

Result<UnixListener> listen_on_file(const std::string& path, const ListenOptions& options) {
  const std::filesystem::path whole(path);
  const std::string name = whole.filename();
  const std::string parent = whole.parent_path();
  auto directory = sys::open_file(parent.empty() ? "." : parent, O_PATH | O_DIRECTORY);
  if (!directory) return Failure(directory.error());
  if (name.empty()) return failure("address", EINVAL, path);
  if (sys::has_listener(*directory, name)) return failure("bind", EADDRINUSE, path);
  auto fd = sys::listen_unix(*directory, name, {.mode = options.unix_mode, .backlog = options.backlog});
  if (!fd) return failure(fd.error().step, fd.error().code, path);
  UnixListener listener{std::move(*fd), {}};
  const int known = ::fstatat(directory->get(), name.c_str(), &listener.file, AT_SYMLINK_NOFOLLOW);
  if (auto done = check_done(known, "stat", path); !done) return Failure(done.error());
  return listener;
}

}  // namespace

ListeningSocket::ListeningSocket(UniqueFd fd, std::string address, std::optional<File> file) noexcept
    : fd_(std::move(fd)), address_(std::move(address)), file_(file) {}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : fd_(std::move(other.fd_)), address_(std::move(other.address_)), file_(std::exchange(other.file_, std::nullopt)) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  if (this == &other) return *this;
  remove_file();
  fd_ = std::move(other.fd_);
  address_ = std::move(other.address_);
  file_ = std::exchange(other.file_, std::nullopt);
  return *this;
}

ListeningSocket::~ListeningSocket() {
  remove_file();
}

void ListeningSocket::remove_file() noexcept {
  if (!file_ || file_->owner.number() != ::getpid()) return;
  struct stat now{};
  // Somebody else's by now, if a later server has replaced it.
  if (::lstat(address_.c_str(), &now) != 0 || now.st_ino != file_->inode || now.st_dev != file_->device) return;
  (void)::unlink(address_.c_str());  // a file that is left is replaced by the next server
}

Result<ListeningSocket> listen_on(std::string_view address, const ListenOptions& options) {
  if (address.contains('/')) {
    std::error_code unknown;  // then the working directory is gone, and so is the place
    std::string path = std::filesystem::absolute(address, unknown);
    auto listener = listen_on_file(path, options);
    if (!listener) return Failure(listener.error());
    return ListeningSocket(std::move(listener->fd), std::move(path),
                           ListeningSocket::File{Pid(::getpid()), listener->file.st_dev, listener->file.st_ino});
  }
  const auto parsed = parse_socket_address(address);
  if (!parsed) return failure("address", EINVAL, std::string(address));
  auto socket = bind_tcp(*parsed, address, options.sharing);
  if (!socket) return Failure(socket.error());
  if (auto done = check_done(::listen(socket->get(), options.backlog), "listen", address); !done) {
    return Failure(done.error());
  }
  std::string bound = with_port(address, port_of(*socket));
  return ListeningSocket(std::move(*socket), std::move(bound), std::nullopt);
}

}  // namespace foster
