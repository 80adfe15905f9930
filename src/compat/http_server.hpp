// The door of a supervisord: XML-RPC and growing logs over HTTP, on a socket of any family.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <optional>

#include <foster/fd.hpp>

#include "compat/basic_auth.hpp"
#include "compat/daemon.hpp"

namespace foster::compat {

struct HttpLimits {
  std::size_t connections = 1000;
  std::size_t header_bytes = 64 * 1024;
  std::size_t body_bytes = 16 << 20;
};

class HttpServer {
 public:
  /// Accepts on a listening, non-blocking socket from now on. Loop and daemon must outlive it.
  /// @param login Who is let in; empty: everybody.
  HttpServer(boost::asio::io_context& loop, UniqueFd listening_socket, Daemon& daemon, std::optional<Login> login = {},
             const HttpLimits& limits = {});
  /// Accepts no more: who comes from now on waits for whoever else has the socket. Calls `done` when everybody who was
  /// accepted has been answered. Who was answered before, and asks for nothing now, is sent away.
  void drain(std::function<void()> done);
  /// Ends all connections at once.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace foster::compat
