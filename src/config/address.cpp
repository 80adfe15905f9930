#include "config/address.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace foster::config {

namespace {

constexpr std::string_view kLocalHost = "127.0.0.1";
constexpr std::string_view kTcpHint = "write \"host:port\", \"[::1]:port\" or a port of 127.0.0.1 alone";
constexpr std::string_view kHttpHint = "write \"http://host:port/path\"";

std::unexpected<BadValue> bad(std::string message, std::string_view hint) {
  return std::unexpected(BadValue{.message = std::move(message), .hint = std::string(hint)});
}

std::optional<std::uint16_t> port_number(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_host(std::string_view host) {
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '%';
  });
}

// "host", "host:port" and "[v6]:port" taken apart; the port's text is empty where there is none.
struct Parts {
  std::string_view host;
  std::optional<std::string_view> port;
};

std::optional<Parts> host_and_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    const std::string_view after = text.substr(close + 1);
    const std::string_view host = text.substr(1, close - 1);
    if (!host.contains(':')) return std::nullopt;
    if (after.empty()) return Parts{.host = host, .port = std::nullopt};
    if (!after.starts_with(':')) return std::nullopt;
    return Parts{.host = host, .port = after.substr(1)};
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return Parts{.host = text, .port = std::nullopt};
  // A second colon: an IPv6 address without its brackets, whose port nobody can tell.
  if (text.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
  return Parts{.host = text.substr(0, colon), .port = text.substr(colon + 1)};
}

std::string bracketed(std::string_view host) {
  return host.contains(':') ? fmt::format("[{}]", host) : std::string(host);
}

}  // namespace

Parsed<core::ReadyTcp> parse_tcp_address(std::string_view text) {
  if (const auto port = port_number(text)) return core::ReadyTcp{.host = std::string(kLocalHost), .port = *port};
  const auto parts = host_and_port(text);
  if (!parts || !is_host(parts->host)) return bad(fmt::format("\"{}\" is no TCP address", text), kTcpHint);
  if (!parts->port) return bad(fmt::format("\"{}\" has no port", text), kTcpHint);
  const auto port = port_number(*parts->port);
  if (!port) return bad(fmt::format("\"{}\" is no port number", *parts->port), "a port is 1 to 65535");
  return core::ReadyTcp{.host = std::string(parts->host), .port = *port};
}

std::string format_tcp_address(const core::ReadyTcp& address) {
  return fmt::format("{}:{}", bracketed(address.host), address.port);
}

Parsed<core::ReadyHttp> parse_http_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with("https://")) {
    return bad("https is not supported here", "probe a plain http port, or use ready.exec with a client such as curl");
  }
  if (!text.starts_with(kScheme)) return bad(fmt::format("\"{}\" is no http URL", text), kHttpHint);
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  std::string target(rest.substr(slash));
  if (!target.starts_with('/')) target.insert(0, "/");
  const auto is_target_character = [](char c) { return c > ' ' && c < 0x7F && c != '#'; };
  if (!std::ranges::all_of(target, is_target_character)) {
    return bad(fmt::format("\"{}\" holds what a URL cannot", text), "write spaces and other letters as %20");
  }
  const auto parts = host_and_port(authority);
  if (!parts || !is_host(parts->host)) return bad(fmt::format("\"{}\" names no host", text), kHttpHint);
  core::ReadyHttp url{.host = std::string(parts->host), .port = 80, .target = std::move(target)};
  if (parts->port) {
    const auto port = port_number(*parts->port);
    if (!port) return bad(fmt::format("\"{}\" is no port number", *parts->port), "a port is 1 to 65535");
    url.port = *port;
  }
  return url;
}

std::string format_http_url(const core::ReadyHttp& url) {
  return url.port == 80 ? fmt::format("http://{}{}", bracketed(url.host), url.target)
                        : fmt::format("http://{}:{}{}", bracketed(url.host), url.port, url.target);
}

}  // namespace foster::config
