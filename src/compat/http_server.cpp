#include "compat/http_server.hpp"

#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <vector>

#include "compat/http_connection.hpp"

namespace foster::compat {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// How long accepting rests when there are no descriptors left.
constexpr std::chrono::milliseconds kAcceptPause{100};

int family_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address.ss_family : AF_UNIX;
}

}  // namespace

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(asio::io_context& io, UniqueFd socket, Daemon& asked, std::optional<Login> let_in, const HttpLimits& most)
      : loop(io),
        family(family_of(socket.get())),
        listener(io, socket.release()),
        pause(io),
        daemon(asked),
        login(std::move(let_in)),
        limits(most) {}

  asio::awaitable<void> accept_all();
  void admit(UniqueFd socket);
  asio::awaitable<void> serve(std::shared_ptr<HttpConnection> connection);
  void make_room();
  void stop_accepting();
  void note_end();

  asio::io_context& loop;
  int family;
  asio::posix::stream_descriptor listener;
  asio::steady_timer pause;
  Daemon& daemon;
  std::optional<Login> login;
  HttpLimits limits;
  std::vector<std::shared_ptr<HttpConnection>> open;
  std::function<void()> drained;
  bool is_closed = false;
};

asio::awaitable<void> HttpServer::Impl::accept_all() {
  const auto self = shared_from_this();
  while (!is_closed) {
    error_code error;
    co_await listener.async_wait(asio::posix::stream_descriptor::wait_read,
                                 asio::redirect_error(asio::use_awaitable, error));
    if (is_closed) co_return;
    UniqueFd socket(::accept4(listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      admit(std::move(socket));
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void HttpServer::Impl::admit(UniqueFd socket) {
  if (open.size() >= limits.connections) make_room();
  if (open.size() >= limits.connections) return;  // closed: nobody has time for it
  HttpConnection::Socket connected(loop, asio::generic::stream_protocol(family, 0), socket.release());
  open.push_back(std::make_shared<HttpConnection>(std::move(connected), daemon, login, limits));
  co_spawn(loop, serve(open.back()), asio::detached);
}

// Who waits for nothing makes way, the oldest first.
void HttpServer::Impl::make_room() {
  const auto idler = std::ranges::find_if(open, [](const auto& connection) { return connection->is_idle(); });
  if (idler == open.end()) return;
  (*idler)->abort();
  open.erase(idler);
}

asio::awaitable<void> HttpServer::Impl::serve(std::shared_ptr<HttpConnection> connection) {
  const auto self = shared_from_this();
  try {
    co_await connection->converse();
  } catch (const std::exception&) {
    // No memory for this client's request: the client is lost, the others are not.
  }
  connection->abort();
  std::erase(open, connection);
  note_end();
}

void HttpServer::Impl::note_end() {
  if (open.empty() && drained) std::exchange(drained, nullptr)();
}

void HttpServer::Impl::stop_accepting() {
  is_closed = true;
  error_code ignored;
  listener.close(ignored);  // a socket that cannot be closed is closed all the same
  pause.cancel();
}

HttpServer::HttpServer(asio::io_context& loop, UniqueFd listening_socket, Daemon& daemon, std::optional<Login> login,
                       const HttpLimits& limits)
    : impl_(std::make_shared<Impl>(loop, std::move(listening_socket), daemon, std::move(login), limits)) {
  co_spawn(loop, impl_->accept_all(), asio::detached);
}

void HttpServer::drain(std::function<void()> done) {
  impl_->stop_accepting();
  impl_->drained = std::move(done);
  for (const auto& connection : std::vector(impl_->open)) connection->drain();
  impl_->note_end();
}

HttpServer::~HttpServer() {
  impl_->drained = nullptr;
  impl_->stop_accepting();
  for (const auto& connection : std::exchange(impl_->open, {})) connection->abort();
}

}  // namespace foster::compat
