#include "supervisor/supervisord/servers.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "sys/files.hpp"
#include "sys/unix_socket.hpp"

namespace foster::supervisor::supervisord {
namespace {

using config::supervisord::HttpServer;
using Problem = std::unexpected<std::string>;
using Socket = std::expected<UniqueFd, std::string>;

constexpr const char* kTaken =
    "Another program is already listening on a port that one of our HTTP servers is configured to use.  Shut this "
    "program down first before starting supervisord.";

Problem cannot_open(const HttpServer& server, const std::string& why) {
  return Problem(fmt::format("Cannot open an HTTP server: [{}]: {}", server.section, why));
}

// Made beside its place and moved there, so that nobody finds it before it is whole.
Socket listen_at(const HttpServer& server) {
  const std::filesystem::path path = server.path;
  const auto directory = sys::open_file(path.parent_path(), O_RDONLY | O_DIRECTORY);
  if (!directory) return cannot_open(server, to_string(directory.error()));
  const std::string name = path.filename();
  if (sys::has_listener(*directory, name)) return Problem(kTaken);
  struct stat facts{};
  const bool is_there = ::fstatat(directory->get(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) == 0;
  if (is_there && !S_ISSOCK(facts.st_mode)) return cannot_open(server, server.path + " is there, and no socket");
  const std::string first_name = fmt::format("{}.{}", name, ::getpid());
  auto socket = sys::listen_unix(*directory, first_name, {.mode = static_cast<mode_t>(server.mode)});
  if (!socket) return cannot_open(server, to_string(socket.error()));
  const auto give_up = [&](std::string_view step) {
    const int error = errno;
    (void)::unlinkat(directory->get(), first_name.c_str(), 0);
    return cannot_open(server, fmt::format("{} {}: {}", step, server.path, std::strerror(error)));
  };
  if (server.owner) {
    const gid_t group = server.owner->gid ? *server.owner->gid : static_cast<gid_t>(-1);
    if (::fchownat(directory->get(), first_name.c_str(), server.owner->uid, group, AT_SYMLINK_NOFOLLOW) != 0)
      return give_up("chown");
  }
  if (::renameat(directory->get(), first_name.c_str(), directory->get(), name.c_str()) != 0) return give_up("rename");
  return std::move(*socket);
}

Socket listen_on(const HttpServer& server) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const char* host = server.address.host.empty() ? nullptr : server.address.host.c_str();
  const int trouble = ::getaddrinfo(host, std::to_string(server.address.port).c_str(), &wanted, &found);
  if (trouble != 0) return cannot_open(server, fmt::format("{}: {}", server.address.host, ::gai_strerror(trouble)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> address(found, ::freeaddrinfo);
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  const bool listens = socket && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                       ::bind(socket.get(), address->ai_addr, address->ai_addrlen) == 0 &&
                       ::listen(socket.get(), SOMAXCONN) == 0;
  if (listens) return socket;
  if (errno == EADDRINUSE) return Problem(kTaken);
  return cannot_open(server, fmt::format("{}:{}: {}", server.address.host, server.address.port, std::strerror(errno)));
}

std::optional<compat::Login> login_of(const HttpServer& server) {
  if (!server.authentication) return std::nullopt;
  return compat::Login{.username = server.authentication->username, .password = server.authentication->password};
}

}  // namespace

std::expected<std::vector<Door>, std::string> open_doors(const std::vector<HttpServer>& servers) {
  std::vector<Door> doors;
  for (const HttpServer& server : servers) {
    const bool is_unix = server.kind == HttpServer::Kind::unix_socket;
    auto socket = is_unix ? listen_at(server) : listen_on(server);
    if (!socket) {
      for (const Door& door : doors) {
        if (!door.path.empty()) (void)::unlink(door.path.c_str());
      }
      return Problem(std::move(socket.error()));
    }
    doors.push_back({.socket = std::move(*socket), .login = login_of(server), .path = is_unix ? server.path : ""});
  }
  return doors;
}

Servers::Servers(boost::asio::io_context& loop, std::vector<Door> doors, compat::Daemon& daemon) {
  for (Door& door : doors) {
    if (!door.path.empty()) paths_.push_back(door.path);
    servers_.push_back(
        std::make_unique<compat::HttpServer>(loop, std::move(door.socket), daemon, std::move(door.login)));
  }
}

Servers::~Servers() {
  for (const std::string& path : paths_) (void)::unlink(path.c_str());  // may be gone
}

}  // namespace foster::supervisor::supervisord
