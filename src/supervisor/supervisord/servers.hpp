// The sockets that the configuration asks for, and what listens there.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <foster/fd.hpp>

#include "compat/http_server.hpp"
#include "config/supervisord/sections.hpp"
#include "supervisor/listeners.hpp"

namespace foster::supervisor::supervisord {

/// A socket that listens already, for a server that does not answer yet.
struct Door {
  UniqueFd socket;
  std::optional<compat::Login> login;
};

/// Opens all of them, or none. What is open already stays so if it is as it should be, and is closed otherwise. A unix
/// socket that nobody answers on is replaced.
/// @errors What could not be, for people.
/// @blocks While names of hosts are looked up.
[[nodiscard]] std::expected<std::vector<Door>, std::string> open_doors(
    const std::vector<config::supervisord::HttpServer>& servers, Listeners& listeners);

/// Nobody can come any more, and the files of unix sockets are gone.
void close_doors(Listeners& listeners);

/// Answers at doors until destroyed. The doors stay open: who comes then waits.
class Servers {
 public:
  Servers(boost::asio::io_context& loop, std::vector<Door> doors, compat::Daemon& daemon);
  /// Whoever comes from now on waits for the next one. Who is inside is answered, and then `done` is called.
  void drain(const std::function<void()>& done);

 private:
  std::vector<std::unique_ptr<compat::HttpServer>> servers_;
};

}  // namespace foster::supervisor::supervisord
