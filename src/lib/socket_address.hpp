// TCP addresses as text and as the kernel takes them.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace foster {

/// An address with a port, as bind(2) takes it.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  /// "*": IPv6 with IPv4 in it, or IPv4 where there is no IPv6.
  bool is_every_address = false;

  [[nodiscard]] const sockaddr* native() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
};

/// "127.0.0.1:80", "[::1]:80", "[fe80::1%eth0]:80", "*:80". Empty for anything else.
[[nodiscard]] std::optional<SocketAddress> parse_socket_address(std::string_view text);

/// 0.0.0.0 with the same port.
[[nodiscard]] SocketAddress every_ipv4_address(const SocketAddress& address);

/// The text with this port in the place of its own.
[[nodiscard]] std::string with_port(std::string_view text, in_port_t network_order);

}  // namespace foster
