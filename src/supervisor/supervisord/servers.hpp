// The sockets that the configuration asks for, and what listens there.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>

#include "compat/http_server.hpp"
#include "config/supervisord/sections.hpp"

namespace foster::supervisor::supervisord {

/// A socket that listens already, for a server that does not answer yet.
struct Door {
  UniqueFd socket;
  std::optional<compat::Login> login;
  std::string path;  ///< Of a unix socket.
};

/// Opens all of them, or none. A unix socket that nobody answers on is replaced.
/// @errors What could not be, for people.
/// @blocks While names of hosts are looked up.
[[nodiscard]] std::expected<std::vector<Door>, std::string> open_doors(
    const std::vector<config::supervisord::HttpServer>& servers);

/// Answers at doors until destroyed; then their files are gone, too.
class Servers {
 public:
  Servers(boost::asio::io_context& loop, std::vector<Door> doors, compat::Daemon& daemon);
  ~Servers();
  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;

 private:
  std::vector<std::unique_ptr<compat::HttpServer>> servers_;
  std::vector<std::string> paths_;
};

}  // namespace foster::supervisor::supervisord
