#include "api/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "api/connection.hpp"
#include "api/json_codec.hpp"
#include "sys/unix_socket.hpp"

namespace foster::api {
namespace {

namespace asio = boost::asio;
using Acceptor = asio::local::stream_protocol::acceptor;
using boost::system::error_code;

// How long accepting rests when there are no descriptors left.
constexpr std::chrono::milliseconds kAcceptPause{100};
// A whole drain takes at most so many times as long as one write may.
constexpr int kDrainPatience = 3;

std::optional<Peer> peer_by_socket(BorrowedFd socket) {
  const auto peer = sys::peer_credentials(socket);
  if (!peer) return std::nullopt;
  return Peer{.uid = peer->uid, .pid = peer->pid};
}

bool is_welcome(const Peer& peer) {
  return peer.uid == 0 || peer.uid == ::geteuid();
}

Actor actor_of(const Peer& peer) {
  const std::string who = peer.uid == 0 ? "root" : fmt::format("uid {}", peer.uid);
  return {.uid = peer.uid, .pid = peer.pid, .description = fmt::format("{} (pid {})", who, peer.pid)};
}

}  // namespace

struct Server::Impl : std::enable_shared_from_this<Server::Impl> {
  Impl(asio::io_context& io, UniqueFd socket, ControlService& control, ServerOptions opts)
      : loop(io),
        acceptor(io, asio::local::stream_protocol(), socket.release()),
        rest(io.get_executor()),
        deadlines(std::make_shared<Deadlines>(io)),
        service(control),
        options(std::move(opts)) {
    if (!options.peer_of) options.peer_of = peer_by_socket;
  }

  asio::awaitable<void> accept_all();
  asio::awaitable<void> pause();
  void admit(Socket socket);
  [[nodiscard]] bool make_room();
  asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
  void note_end();
  void abort_all();

  asio::io_context& loop;
  Acceptor acceptor;
  WakeUp rest;  ///< Of `accept_all`, when there are no descriptors left.
  std::shared_ptr<Deadlines> deadlines;
  ControlService& service;
  ServerOptions options;
  std::vector<std::shared_ptr<Connection>> open;
  std::move_only_function<void()> drained;
  bool is_closed = false;
};

asio::awaitable<void> Server::Impl::accept_all() {
  const auto self = shared_from_this();
  while (!is_closed) {
    error_code error;
    Socket socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (is_closed) co_return;
    if (!error) {
      admit(std::move(socket));
    } else if (error != asio::error::connection_aborted && error != asio::error::operation_aborted) {
      co_await pause();
    }
  }
}

asio::awaitable<void> Server::Impl::pause() {
  rest.clear();
  deadlines->add(kAcceptPause, [this] { rest.set(); });
  co_await rest.wait();
}

void Server::Impl::admit(Socket socket) {
  const auto peer = options.peer_of(BorrowedFd(socket.native_handle()));
  const bool welcome = peer && is_welcome(*peer);
  const bool has_room = open.size() < options.limits.connections || make_room();
  auto connection = std::make_shared<Connection>(std::move(socket), deadlines, service, options.limits,
                                                 welcome ? actor_of(*peer) : Actor{});
  if (!welcome) {
    co_spawn(loop, connection->refuse(403, encode_error("forbidden", "only the same user and root may ask")),
             asio::detached);
  } else if (!has_room) {
    co_spawn(loop, connection->refuse(503, encode_error("busy", "too many connections")), asio::detached);
  } else {
    open.push_back(connection);
    co_spawn(loop, serve(std::move(connection)), asio::detached);
  }
}

// Who has waited longest without a request makes way.
bool Server::Impl::make_room() {
  const auto idler = std::ranges::min_element(open, {}, [](const auto& connection) {
    return connection->idle_since().value_or(std::chrono::steady_clock::time_point::max());
  });
  if (idler == open.end() || !(*idler)->idle_since()) return false;
  (*idler)->abort();
  open.erase(idler);
  return true;
}

asio::awaitable<void> Server::Impl::serve(std::shared_ptr<Connection> connection) {
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

void Server::Impl::note_end() {
  if (!open.empty() || !drained) return;
  deadlines->close();
  std::exchange(drained, nullptr)();
}

void Server::Impl::abort_all() {
  for (const auto& connection : std::exchange(open, {})) connection->abort();
}

Server::Server(boost::asio::io_context& loop, UniqueFd listening_socket, ControlService& service, ServerOptions options)
    : impl_(std::make_shared<Impl>(loop, std::move(listening_socket), service, std::move(options))) {
  co_spawn(loop, impl_->accept_all(), asio::detached);
}

Server::~Server() {
  impl_->is_closed = true;
  impl_->drained = nullptr;
  error_code ignored;
  impl_->acceptor.close(ignored);  // a socket that cannot be closed is closed all the same
  impl_->abort_all();
  impl_->deadlines->close();
  impl_->rest.set();
}

void Server::listen(UniqueFd listening_socket) {
  error_code ignored;
  (void)impl_->acceptor.close(ignored);  // the wait in accept_all ends, and begins anew
  (void)impl_->acceptor.assign(asio::local::stream_protocol(), listening_socket.release(), ignored);
}

void Server::drain(std::move_only_function<void()> done) {
  impl_->is_closed = true;
  impl_->drained = std::move(done);
  error_code ignored;
  impl_->acceptor.close(ignored);  // a socket that cannot be closed is closed all the same
  impl_->rest.set();
  for (const auto& connection : std::vector(impl_->open)) connection->drain();
  impl_->deadlines->add(impl_->options.limits.drain_time * kDrainPatience, [weak = impl_->weak_from_this()] {
    const auto impl = weak.lock();
    if (!impl) return;
    impl->abort_all();
    impl->note_end();
  });
  impl_->note_end();
}

std::size_t Server::connections() const {
  return impl_->open.size();
}

}  // namespace foster::api
