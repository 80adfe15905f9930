#include "lib/socket_address.hpp"

#include <arpa/inet.h>
#include <net/if.h>

#include <charconv>
#include <cstdint>

namespace foster {
namespace {

SocketAddress ipv4(in_addr host, in_port_t port) {
  SocketAddress address;
  auto* in = reinterpret_cast<sockaddr_in*>(&address.storage);
  in->sin_family = AF_INET;
  in->sin_port = port;
  in->sin_addr = host;
  address.size = sizeof *in;
  return address;
}

SocketAddress ipv6(const in6_addr& host, in_port_t port, std::uint32_t scope) {
  SocketAddress address;
  auto* in = reinterpret_cast<sockaddr_in6*>(&address.storage);
  in->sin6_family = AF_INET6;
  in->sin6_port = port;
  in->sin6_addr = host;
  in->sin6_scope_id = scope;
  address.size = sizeof *in;
  return address;
}

std::optional<in_port_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return htons(port);
}

std::optional<SocketAddress> parse_ipv6(const std::string& inside, in_port_t port) {
  const auto percent = inside.find('%');
  std::uint32_t scope = 0;
  if (percent != std::string::npos) {
    scope = ::if_nametoindex(inside.c_str() + percent + 1);
    if (scope == 0) return std::nullopt;
  }
  in6_addr host{};
  if (::inet_pton(AF_INET6, inside.substr(0, percent).c_str(), &host) != 1) return std::nullopt;
  return ipv6(host, port, scope);
}

}  // namespace

std::optional<SocketAddress> parse_socket_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  if (!port) return std::nullopt;
  const std::string host(text.substr(0, colon));
  if (host == "*") {
    SocketAddress address = ipv6(in6addr_any, *port, 0);
    address.is_every_address = true;
    return address;
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    return parse_ipv6(host.substr(1, host.size() - 2), *port);
  }
  in_addr number{};
  if (::inet_pton(AF_INET, host.c_str(), &number) != 1) return std::nullopt;
  return ipv4(number, *port);
}

SocketAddress every_ipv4_address(const SocketAddress& address) {
  return ipv4({htonl(INADDR_ANY)}, reinterpret_cast<const sockaddr_in6*>(&address.storage)->sin6_port);
}

std::string with_port(std::string_view text, in_port_t network_order) {
  return std::string(text.substr(0, text.rfind(':') + 1)) + std::to_string(ntohs(network_order));
}

}  // namespace foster
