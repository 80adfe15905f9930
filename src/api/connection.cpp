#include "api/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include <fmt/format.h>
#include <poll.h>

#include "api/json_codec.hpp"
#include "api/routes.hpp"
#include "api/target.hpp"

namespace foster::api {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t kPiece = 65'536;

/// Closed, not merely done with writing.
bool has_gone(int socket) {
  pollfd peer{socket, 0, 0};
  return ::poll(&peer, 1, 0) == 1 && (peer.revents & POLLHUP) != 0;
}

auto into(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

std::string head_of(const Response& response, std::string_view framing) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nServer: foster\r\nContent-Type: {}\r\n{}", response.status,
                                 view(reason), response.content_type, framing);
  for (const Parameter& header : response.headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  head += "\r\n";
  return head;
}

// What a request that cannot be read is answered with; 0 for none.
unsigned status_of(error_code error) {
  if (error == http::error::end_of_stream) return 0;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::body_limit) return 413;
  if (error == asio::error::operation_aborted) return 408;
  const bool is_malformed = error.category() == http::make_error_code(http::error::bad_method).category();
  return is_malformed && error != http::error::partial_message ? 400 : 0;
}

}  // namespace

Connection::Connection(Socket socket, std::shared_ptr<Deadlines> deadlines, ControlService& service,
                       const ServerLimits& limits, Actor actor)
    : socket_(std::move(socket)),
      deadlines_(std::move(deadlines)),
      buffer_(limits.header_bytes + kPiece),
      wake_up_(socket_.get_executor()),
      service_(service),
      limits_(limits),
      actor_(std::move(actor)) {}

Connection::~Connection() {
  clear_deadline();
}

asio::awaitable<void> Connection::converse() {
  const auto self = shared_from_this();
  while (!is_over() && !is_draining_) {
    if (!co_await wait_for_request()) break;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(limits_.body_bytes);
    if (!co_await read_request(parser)) break;
    if (!co_await answer(parser)) break;
  }
}

asio::awaitable<void> Connection::refuse(unsigned status, std::string body) {
  const auto self = shared_from_this();
  co_await say_goodbye(status, std::move(body));
}

void Connection::abort() {
  is_aborted_ = true;
  source_.reset();
  response_.reset();
  clear_deadline();
  error_code ignored;
  socket_.close(ignored);  // a socket that cannot be closed is closed all the same
  wake_up_.set();
}

void Connection::drain() {
  is_draining_ = true;
  limits_.write_time = limits_.drain_time;
  if (idle_since_) socket_.cancel();
  wake_up_.set();
}

asio::awaitable<bool> Connection::wait_for_request() {
  if (buffer_.size() > 0) co_return true;
  error_code error;
  idle_since_ = std::chrono::steady_clock::now();
  set_deadline(limits_.idle_time);
  co_await socket_.async_wait(Socket::wait_read, into(error));
  clear_deadline();
  idle_since_.reset();
  co_return !error && !is_over() && !is_draining_;
}

asio::awaitable<bool> Connection::read_request(Parser& parser) {
  error_code error;
  set_deadline(limits_.header_time);
  co_await http::async_read_header(socket_, buffer_, parser, into(error));
  clear_deadline();
  if (error) {
    co_await write_read_error(error);
    co_return false;
  }
  if (parser.is_done()) co_return true;
  if (boost::beast::iequals(parser.get()[http::field::expect], "100-continue")) {
    const bool is_written = co_await write_piece("HTTP/1.1 100 Continue\r\n\r\n");
    if (!is_written) co_return false;
  }
  co_return co_await read_body(parser);
}

asio::awaitable<bool> Connection::read_body(Parser& parser) {
  error_code error;
  set_deadline(limits_.body_time);
  co_await http::async_read(socket_, buffer_, parser, into(error));
  clear_deadline();
  if (!error) co_return true;
  co_await write_read_error(error);
  co_return false;
}

std::optional<Request> Connection::request_from(Parser& parser) const {
  auto& message = parser.get();
  auto target = parse_target(view(message.target()));
  if (!target) return std::nullopt;
  return Request{.method = std::string(view(message.method_string())),
                 .path = std::move(target->path),
                 .query = std::move(target->query),
                 .captures = {},
                 .accept = std::string(view(message[http::field::accept])),
                 .last_event_id = std::string(view(message["Last-Event-ID"])),
                 .body = std::move(message.body()),
                 .actor = actor_};
}

asio::awaitable<bool> Connection::answer(Parser& parser) {
  if (is_over()) co_return false;
  const bool is_modern = parser.get().version() >= 11;
  const Framing framing{.is_chunked = is_modern,
                        .keeps_alive = parser.get().keep_alive(),
                        .has_body = parser.get().method() != http::verb::head};
  auto request = request_from(parser);
  if (!request) {
    std::string body = encode_error("bad-request", "the request target is malformed");
    co_await say_goodbye(400, std::move(body));
    co_return false;
  }
  // Who has given up waiting, before a supervisor was there to read this, does not expect it to be done any more.
  if (has_gone(socket_.native_handle())) co_return false;
  auto response = co_await ask(std::move(*request));
  if (!response) co_return false;
  co_return co_await write_response(std::move(*response), framing);
}

asio::awaitable<std::optional<Response>> Connection::ask(Request request) {
  response_.reset();
  wake_up_.clear();
  const std::uint64_t number = ++request_number_;
  dispatch(service_, std::move(request), [weak = weak_from_this(), number](Response response) {
    const auto self = weak.lock();
    if (!self || self->request_number_ != number || self->is_over()) return;
    self->response_ = std::move(response);
    self->wake_up_.set();
  });
  if (!response_) watch_for_hang_up();
  while (!response_ && !is_over()) co_await wake_up_.wait();
  if (is_over()) response_.reset();
  wake_up_.clear();
  co_return std::exchange(response_, std::nullopt);
}

asio::awaitable<bool> Connection::write_response(Response response, Framing framing) {
  const bool is_stream = response.source != nullptr;
  const bool closes = !framing.keeps_alive || is_draining_ || (is_stream && !framing.is_chunked);
  std::string lines = closes ? "Connection: close\r\n" : "Connection: keep-alive\r\n";
  if (!is_stream) {
    lines += fmt::format("Content-Length: {}\r\n", response.body.size());
  } else if (framing.is_chunked) {
    lines += "Transfer-Encoding: chunked\r\n";
  }
  std::string text = head_of(response, lines);
  if (!is_stream && framing.has_body) text += response.body;
  source_ = std::move(response.source);
  response.body = {};
  if (!co_await write_piece(text)) co_return false;
  text = {};
  bool is_whole = true;
  if (source_ && framing.has_body) is_whole = co_await write_source(framing);
  source_.reset();
  co_return is_whole && !closes;
}

asio::awaitable<bool> Connection::write_source(Framing framing) {
  watch_for_hang_up();
  std::string piece;
  while (!is_over()) {
    piece.clear();
    std::string extension;
    const auto progress = source_->read(piece, kPiece, extension);
    if (!piece.empty()) {
      if (framing.is_chunked) {
        piece.insert(0, fmt::format("{:x}{}\r\n", piece.size(), extension));
        piece += "\r\n";
      }
      if (!co_await write_piece(piece)) co_return false;
    }
    if (progress == BodySource::Progress::data) continue;
    if (progress == BodySource::Progress::end || is_draining_) {
      if (!framing.is_chunked) co_return true;
      co_return co_await write_piece("0\r\n\r\n");
    }
    std::string().swap(piece);  // a follower that waits holds nothing
    source_->when_more([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->wake_up_.set();
    });
    co_await wake_up_.wait();
  }
  co_return false;
}

asio::awaitable<bool> Connection::write_piece(std::string_view bytes) {
  while (!bytes.empty()) {
    error_code error;
    const std::string_view part = bytes.substr(0, kPiece);
    set_deadline(limits_.write_time);
    co_await asio::async_write(socket_, asio::buffer(part.data(), part.size()), into(error));
    clear_deadline();
    if (error || is_over()) co_return false;
    bytes.remove_prefix(part.size());
  }
  co_return true;
}

asio::awaitable<void> Connection::write_read_error(error_code error) {
  if (error == asio::error::operation_aborted && !has_timed_out_) co_return;
  const unsigned status = status_of(error);
  if (status == 0 || is_over()) co_return;
  std::string body = status == 408   ? encode_error("timeout", "the request took too long to arrive")
                     : status == 413 ? encode_error("too-large", "the body is too large")
                     : status == 431 ? encode_error("too-large", "the header is too large")
                                     : encode_error("bad-request", error.message());
  co_await say_goodbye(status, std::move(body));
}

asio::awaitable<void> Connection::say_goodbye(unsigned status, std::string body) {
  const Response response{.status = status, .body = std::move(body)};
  const auto lines = fmt::format("Connection: close\r\nContent-Length: {}\r\n", response.body.size());
  const std::string text = head_of(response, lines) + response.body;
  if (!co_await write_piece(text)) co_return;
  error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);  // the peer may have gone meanwhile
}

void Connection::watch_for_hang_up() {
  if (std::exchange(is_watching_, true)) return;
  // Only a full hang-up counts: a client may have shut down its sending side and still read.
  socket_.async_wait(Socket::wait_error, [weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->is_watching_ = false;
    if (error) return;
    self->has_hung_up_ = true;
    self->wake_up_.set();
  });
}

void Connection::set_deadline(std::chrono::milliseconds time) {
  clear_deadline();
  has_timed_out_ = false;
  deadline_ = deadlines_->add(time, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->has_timed_out_ = true;
    self->deadline_.reset();
    error_code ignored;
    self->socket_.cancel(ignored);  // it may have been closed meanwhile
  });
}

void Connection::clear_deadline() {
  if (deadline_) deadlines_->remove(*std::exchange(deadline_, std::nullopt));
}

}  // namespace foster::api
