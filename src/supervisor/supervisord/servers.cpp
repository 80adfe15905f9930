#include "supervisor/supervisord/servers.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
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

using Address = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

std::expected<Address, std::string> address_of(const HttpServer& server) {
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const char* host = server.address.host.empty() ? nullptr : server.address.host.c_str();
  const int trouble = ::getaddrinfo(host, std::to_string(server.address.port).c_str(), &wanted, &found);
  if (trouble != 0) return cannot_open(server, fmt::format("{}: {}", server.address.host, ::gai_strerror(trouble)));
  return Address(found, ::freeaddrinfo);
}

Socket listen_on(const HttpServer& server) {
  const auto address = address_of(server);
  if (!address) return Problem(address.error());
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int yes = 1;
  const bool listens = socket && ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                       ::bind(socket.get(), (*address)->ai_addr, (*address)->ai_addrlen) == 0 &&
                       ::listen(socket.get(), SOMAXCONN) == 0;
  if (listens) return socket;
  if (errno == EADDRINUSE) return Problem(kTaken);
  return cannot_open(server, fmt::format("{}:{}: {}", server.address.host, server.address.port, std::strerror(errno)));
}

std::optional<compat::Login> login_of(const HttpServer& server) {
  if (!server.authentication) return std::nullopt;
  return compat::Login{.username = server.authentication->username, .password = server.authentication->password};
}

// -- What a door is called: by that, the next supervisor knows it again. --

constexpr std::string_view kDoor = "door ";
// What else is said before the path.
constexpr int kWordsBeforePath = 5;

// Of a file by itself, and not by its path alone: another may be in its place. As long as the socket lives its number
// is no other file's.
std::string name_of_file(const std::string& path) {
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) return {};
  return fmt::format("{}unix {}:{} ", kDoor, facts.st_dev, facts.st_ino);
}

// With another mode or owner it is another door.
std::string name_of_door_at(const HttpServer& server) {
  const std::string file = name_of_file(server.path);
  if (file.empty()) return {};
  std::string owner = "-";
  if (server.owner) {
    owner = std::to_string(server.owner->uid);
    if (server.owner->gid) owner += fmt::format(":{}", *server.owner->gid);
  }
  return fmt::format("{}{:o} {} {}", file, server.mode, owner, server.path);
}

std::string name_of_port(const HttpServer& server) {
  const auto address = address_of(server);
  if (!address) return {};
  sockaddr_in inet{};
  std::memcpy(&inet, (*address)->ai_addr, sizeof inet);
  return fmt::format("{}tcp {:08x}:{}", kDoor, ntohl(inet.sin_addr.s_addr), server.address.port);
}

std::string path_in(std::string_view name) {
  for (int word = 0; word < kWordsBeforePath; ++word) {
    const auto blank = name.find(' ');
    if (blank == std::string_view::npos) return {};
    name.remove_prefix(blank + 1);
  }
  return std::string(name);
}

// -- Opening and closing --

/// What each would be called if it were open; empty: it is not.
std::vector<std::string> names_of(const std::vector<HttpServer>& servers) {
  std::vector<std::string> names;
  for (const HttpServer& server : servers) {
    const bool is_unix = server.kind == HttpServer::Kind::unix_socket;
    names.push_back(is_unix ? name_of_door_at(server) : name_of_port(server));
  }
  return names;
}

Socket open(const HttpServer& server, std::string name, Listeners& listeners) {
  const bool is_unix = server.kind == HttpServer::Kind::unix_socket;
  auto socket = is_unix ? listen_at(server) : listen_on(server);
  if (!socket) return socket;
  if (is_unix) name = name_of_door_at(server);
  if (!name.empty()) listeners.keep(name, *socket);
  return socket;
}

void close(const std::string& name, Listeners& listeners) {
  const std::string path = path_in(name);
  const std::string file = path.empty() ? std::string() : name_of_file(path);
  if (!file.empty() && name.starts_with(file)) (void)::unlink(path.c_str());
  listeners.let_go(name);
}

void close_all_but(Listeners& listeners, const std::vector<std::string>& wanted) {
  for (const std::string& name : listeners.names(kDoor)) {
    if (std::ranges::find(wanted, name) == wanted.end()) close(name, listeners);
  }
}

}  // namespace

std::expected<std::vector<Door>, std::string> open_doors(const std::vector<HttpServer>& servers, Listeners& listeners) {
  // First: a new one may want the port of one that goes.
  const std::vector<std::string> names = names_of(servers);
  close_all_but(listeners, names);
  std::vector<Door> doors;
  for (std::size_t n = 0; n < servers.size(); ++n) {
    const bool is_repeated = std::find(names.begin(), names.begin() + n, names[n]) != names.begin() + n;
    auto found = is_repeated ? std::nullopt : listeners.find(names[n]);
    auto socket = found ? Socket(std::move(*found)) : open(servers[n], names[n], listeners);
    if (!socket) {
      close_doors(listeners);
      return Problem(std::move(socket.error()));
    }
    doors.push_back({.socket = std::move(*socket), .login = login_of(servers[n])});
  }
  return doors;
}

void close_doors(Listeners& listeners) {
  close_all_but(listeners, {});
}

Servers::Servers(boost::asio::io_context& loop, std::vector<Door> doors, compat::Daemon& daemon) {
  for (Door& door : doors) {
    servers_.push_back(
        std::make_unique<compat::HttpServer>(loop, std::move(door.socket), daemon, std::move(door.login)));
  }
}

void Servers::drain(const std::function<void()>& done) {
  auto waits_for = std::make_shared<std::size_t>(servers_.size());
  if (servers_.empty()) return done();
  for (const auto& server : servers_) {
    server->drain([waits_for, done] {
      if (--*waits_for == 0) done();
    });
  }
}

}  // namespace foster::supervisor::supervisord
