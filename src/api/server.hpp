// The HTTP server on a unix socket. It runs on the supervisor's loop, in its one thread, and arms no timer
// while no client has anything outstanding.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include <foster/fd.hpp>

#include "api/service.hpp"

namespace boost::asio {
class io_context;
}

namespace foster::api {

/// What one client may cost. Every wait for a client has one of these limits.
struct ServerLimits {
  std::size_t connections = 256;
  std::size_t header_bytes = 64 * 1024;
  std::size_t body_bytes = 1024 * 1024;
  std::chrono::milliseconds header_time{10'000};  ///< From the first byte of a request to its empty line.
  std::chrono::milliseconds body_time{30'000};
  std::chrono::milliseconds idle_time{60'000};   ///< Between two requests, and before the first one.
  std::chrono::milliseconds write_time{30'000};  ///< For a client to take one piece (64 KiB) of an answer.
  std::chrono::milliseconds drain_time{1'000};   ///< The same while the server is ending.
};

/// Who is at the other end of a socket.
struct Peer {
  uid_t uid;
  pid_t pid;
};

struct ServerOptions {
  ServerLimits limits;
  /// How a peer is asked for; a seam for tests. Empty: SO_PEERCRED.
  std::function<std::optional<Peer>(BorrowedFd)> peer_of;
};

/// Answers requests from the moment it is made. Only the same user and root are served; everybody else gets
/// 403 and is disconnected.
class Server {
 public:
  /// Takes a listening socket, non-blocking. `loop` and `service` must outlive the server.
  Server(boost::asio::io_context& loop, UniqueFd listening_socket, ControlService& service, ServerOptions options = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  /// Disconnects everybody. Nothing of the service is used after it; answers that come later go nowhere.
  ~Server();

  /// Takes further connections from this socket, in place of the one it has: that one has lost its name.
  void listen(UniqueFd listening_socket);

  /// Takes no further connections or requests, lets what is being answered be answered (streams give what
  /// there is and end), and calls `done` when the last client is gone, possibly from within the call.
  void drain(std::move_only_function<void()> done);

  /// Open connections, for tests and measurements.
  [[nodiscard]] std::size_t connections() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace foster::api
