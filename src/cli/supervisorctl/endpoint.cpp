#include "cli/supervisorctl/endpoint.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <memory>

#include "cli/supervisorctl/words.hpp"
#include "sys/files.hpp"
#include "sys/unix_socket.hpp"

namespace foster::cli::supervisorctl {
namespace {

constexpr std::string_view kUnix = "unix://";
constexpr std::string_view kHttp = "http://";

std::unexpected<Trouble> bad_value(std::string text) {
  return std::unexpected(Trouble{.kind = Trouble::Kind::value, .text = std::move(text)});
}

std::unexpected<Trouble> no_connection(int code) {
  return std::unexpected(Trouble{.kind = Trouble::Kind::connection, .code = code});
}

// connect(2) that a signal interrupts goes on by itself.
int finish_connecting(int socket) {
  pollfd writable{socket, POLLOUT, 0};
  while (::poll(&writable, 1, -1) < 0 && errno == EINTR) {
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

Answer<UniqueFd> connect_to(const addrinfo& address) {
  UniqueFd socket(::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC, address.ai_protocol));
  if (!socket) return no_connection(errno);
  int error = ::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  if (error == EINTR) error = finish_connecting(socket.get());
  if (error != 0) return no_connection(error);
  return socket;
}

Answer<UniqueFd> connect_tcp(const Endpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int outcome = ::getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &list);
  if (outcome != 0) {
    return std::unexpected(Trouble{.kind = Trouble::Kind::name, .code = outcome, .text = ::gai_strerror(outcome)});
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
  Answer<UniqueFd> socket = no_connection(ECONNREFUSED);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    socket = connect_to(*one);
    if (socket) break;
  }
  return socket;
}

Answer<UniqueFd> connect_unix(const std::string& path) {
  const std::filesystem::path whole(path);
  const std::string folder = whole.has_parent_path() ? whole.parent_path().string() : ".";
  const auto directory = sys::open_file(folder, O_DIRECTORY | O_PATH);
  if (!directory) return no_connection(directory.error().code);
  auto socket = sys::connect_unix(*directory, whole.filename().string());
  if (!socket) return no_connection(socket.error().code);
  return std::move(*socket);
}

}  // namespace

Answer<Endpoint> endpoint_of(std::string_view url) {
  Endpoint endpoint;
  if (url.starts_with(kUnix)) {
    endpoint.socket_path = url.substr(kUnix.size());
    return endpoint;
  }
  if (!url.starts_with(kHttp)) return bad_value(fmt::format("Unknown protocol for serverurl {}", url));
  std::string_view host = url.substr(kHttp.size());
  host = host.substr(0, host.find_first_of("/?#"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  std::string_view port;
  if (const auto bracket = host.rfind(']'); host.starts_with('[') && bracket != std::string_view::npos) {
    port = host.substr(bracket + 1);
    host = host.substr(1, bracket - 1);
  } else if (const auto colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon);
    host = host.substr(0, colon);
  }
  endpoint.host = host;
  if (port.starts_with(':')) port.remove_prefix(1);
  if (port.empty()) return endpoint;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size()) {
    return bad_value(fmt::format("Port could not be cast to integer value as {}", in_quotes(port)));
  }
  return endpoint;
}

Answer<UniqueFd> connect(const Endpoint& endpoint) {
  return endpoint.socket_path.empty() ? connect_tcp(endpoint) : connect_unix(endpoint.socket_path);
}

}  // namespace foster::cli::supervisorctl
