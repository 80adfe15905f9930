// A listening socket from an address in words: TCP over IPv4 and IPv6, or a unix socket.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <foster/fd.hpp>
#include <foster/ids.hpp>
#include <foster/result.hpp>

namespace foster {

/// Whether others may listen on the same port.
enum class PortSharing : std::uint8_t {
  exclusive,  ///< One socket; whoever holds it open takes from one queue of connections.
  /// SO_REUSEPORT: several sockets of one user on one port, each with a queue of its own, among which the kernel
  /// spreads new connections by a hash of their addresses. For a unix socket there is no such thing.
  reuse_port,
};

/// The details of a listening socket.
struct ListenOptions {
  /// How many connections may wait to be accepted; the kernel's net.core.somaxconn limits it further.
  int backlog = 4096;
  PortSharing sharing = PortSharing::exclusive;
  mode_t unix_mode = 0600;  ///< Of the file of a unix socket: who may write to it may connect.
  friend bool operator==(const ListenOptions&, const ListenOptions&) = default;
};

/// A socket that listens, non-blocking and close-on-exec. Movable; destroying it closes the socket and removes the
/// file of a unix socket.
///
/// @fork A child has the socket too, and never removes the file.
class ListeningSocket {
 public:
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;
  ~ListeningSocket();

  [[nodiscard]] BorrowedFd fd() const noexcept { return fd_; }

  /// Where it listens, in the words of `listen_on`; a port that was 0 is the one the kernel chose,
  /// and the path of a unix socket is absolute.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

 private:
  friend Result<ListeningSocket> listen_on(std::string_view address, const ListenOptions& options);

  struct File {
    Pid owner;
    dev_t device;
    ino_t inode;
  };
  ListeningSocket(UniqueFd fd, std::string address, std::optional<File> file) noexcept;
  void remove_file() noexcept;

  UniqueFd fd_;
  std::string address_;
  std::optional<File> file_;
};

/// Listens on an address.
///
/// @param address "127.0.0.1:80" IPv4; "[::1]:80" IPv6, and nothing but IPv6 ("[fe80::1%eth0]:80" on one interface);
///                "*:80" every address of both families; "/run/app.sock" or "./app.sock" (anything with a slash) a unix
///                socket. Numbers only: a name would have to be looked up. Port 0 lets the kernel choose.
/// @errors  Step "address", `EINVAL`: not an address. `EADDRINUSE` somebody listens there already, also on the unix
///          socket; a socket file whose server is gone is replaced. `EACCES` a low port, or the directory;
///          `EADDRNOTAVAIL` not an address of this machine. `Error::detail` is the address.
/// @example examples/prefork.cpp
[[nodiscard]] Result<ListeningSocket> listen_on(std::string_view address, const ListenOptions& options = {});

}  // namespace foster
