#include "compat/http_connection.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "compat/methods.hpp"
#include "compat/xml_rpc_read.hpp"
#include "compat/xml_rpc_write.hpp"

namespace foster::compat {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::beast::error_code;
using namespace std::chrono_literals;

constexpr std::size_t kPiece = 65'536;
// How much of a log a client sees that begins to follow it, and how often there is a look for more.
constexpr off_t kLastBytes = 1024;
constexpr auto kLookInterval = 100ms;
// How long a request may take to arrive once it has begun.
constexpr auto kPatience = 60s;

auto into(error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

void trace(Daemon& daemon, const std::string& method, const MethodResponse& response) {
  if (const auto* fault = std::get_if<Fault>(&response)) {
    daemon.trace(fmt::format("XML-RPC method {}() returned fault: [{}] {}", method, fault->code, fault->text));
  } else {
    daemon.trace(fmt::format("XML-RPC method {}() returned successfully", method));
  }
}

asio::awaitable<MethodResponse> ask(Daemon& daemon, asio::any_io_executor executor, Call call) {
  daemon.trace(fmt::format("XML-RPC method called: {}()", call.method));
  MethodResponse answer = co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(MethodResponse)>(
      [&daemon, executor, &call](auto handler) {
        call_method(daemon, call, [executor, handler = std::move(handler)](MethodResponse response) mutable {
          asio::post(executor, [handler = std::move(handler), response = std::move(response)]() mutable {
            std::move(handler)(std::move(response));
          });
        });
      },
      asio::use_awaitable);
  trace(daemon, call.method, answer);
  co_return answer;
}

}  // namespace

HttpConnection::HttpConnection(Socket socket, Daemon& daemon, const std::optional<Login>& login,
                               const HttpLimits& limits)
    : socket_(std::move(socket)),
      daemon_(daemon),
      login_(login),
      limits_(limits),
      buffer_(limits.header_bytes + kPiece),
      timer_(socket_.get_executor()) {}

asio::awaitable<void> HttpConnection::converse() {
  const auto self = shared_from_this();
  while (!is_aborted_) {
    if (!co_await wait_for_request()) break;
    is_idle_ = false;
    Parser parser;
    parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes));
    parser.body_limit(limits_.body_bytes);
    if (!co_await read(parser)) break;
    if (!co_await answer(parser) || is_draining_) break;
    is_idle_ = was_answered_ = true;
  }
}

void HttpConnection::drain() {
  is_draining_ = true;
  if (is_idle_ && was_answered_) abort();
}

void HttpConnection::abort() {
  is_aborted_ = true;
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);  // a socket that cannot be closed is closed all the same
}

// Empty lines before a request are nothing: some clients send one after each.
asio::awaitable<bool> HttpConnection::wait_for_request() {
  for (;;) {
    while (buffer_.size() > 0) {
      const char first = *static_cast<const char*>(buffer_.data().data());
      if (first != '\r' && first != '\n') co_return true;
      buffer_.consume(1);
    }
    error_code error;
    const std::size_t count = co_await socket_.async_read_some(buffer_.prepare(4096), into(error));
    if (error || is_aborted_) co_return false;
    buffer_.commit(count);
  }
}

asio::awaitable<bool> HttpConnection::read(Parser& parser) {
  timer_.expires_after(kPatience);
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (!error && self) self->abort();
  });
  error_code error;
  co_await http::async_read_header(socket_, buffer_, parser, into(error));
  unsigned status = 0;
  if (!error) {
    status = refusal_of(parser);
    if (status == 0 && !parser.is_done()) co_await http::async_read(socket_, buffer_, parser, into(error));
  }
  timer_.cancel();
  if (is_aborted_) co_return false;
  if (error == http::error::body_limit)
    status = 413;
  else if (error == http::error::header_limit || error == http::error::buffer_overflow)
    status = 431;
  else if (error.category() == http::make_error_code(http::error::bad_method).category() &&
           error != http::error::end_of_stream && error != http::error::partial_message)
    status = 400;
  else if (error)
    co_return false;
  if (status == 0) co_return true;
  parser.get().keep_alive(false);  // what else it has sent is not read any more
  const bool is_stranger = status == 401;
  (void)co_await complain(parser, status, is_stranger ? "WWW-Authenticate: Basic realm=\"default\"\r\n" : "");
  co_return false;
}

// What a request is refused with before its body is read; 0: it is not.
unsigned HttpConnection::refusal_of(const Parser& parser) const {
  const auto& request = parser.get();
  if (login_) {
    const Verdict verdict = judge(*login_, view(request[http::field::authorization]));
    if (verdict == Verdict::unreadable) return 400;
    if (verdict == Verdict::refused) return 401;
  }
  const bool has_length = parser.content_length().has_value() || parser.chunked();
  return request.method() == http::verb::post && !has_length ? 411 : 0;
}

asio::awaitable<bool> HttpConnection::answer(const Parser& parser) {
  const auto target = http_target_from(view(parser.get().target()));
  const http::verb method = parser.get().method();
  switch (target.kind) {
    case HttpTarget::Kind::rpc:
      if (method != http::verb::post) co_return co_await complain(parser, 400);
      co_return co_await answer_call(parser);
    case HttpTarget::Kind::process_log:
    case HttpTarget::Kind::main_log: {
      if (method != http::verb::get) co_return co_await complain(parser, 400);
      auto path = log_path_of(daemon_, target);
      if (path.empty()) co_return co_await complain(parser, 404);
      co_return co_await follow(parser, std::move(path));
    }
    case HttpTarget::Kind::page:
      co_return co_await show(parser, target);
    case HttpTarget::Kind::unknown:
      break;
  }
  co_return co_await complain(parser, 404);
}

asio::awaitable<bool> HttpConnection::answer_call(const Parser& parser) {
  auto call = read_call(parser.get().body());
  if (!call) co_return co_await complain(parser, 400);
  MethodResponse response = co_await ask(daemon_, socket_.get_executor(), std::move(*call));
  if (is_aborted_) co_return false;
  co_return co_await say(parser, 200, "text/xml",
                         std::visit([](auto& one) { return write_response(std::move(one)); }, response));
}

asio::awaitable<bool> HttpConnection::show(const Parser& parser, HttpTarget target) {
  const auto& request = parser.get();
  const bool is_post = request.method() == http::verb::post;
  if (!is_post && request.method() != http::verb::get && request.method() != http::verb::head) {
    co_return co_await complain(parser, 400);
  }
  const WebForm form(is_post ? std::string_view(request.body()) : target.query);
  const bool is_index = target.path == "/" || target.path == "/index.html";
  if (is_index && !form.value("action").empty()) {
    const WebSender sender{.host = view(request[http::field::host]),
                           .origin = view(request[http::field::origin]),
                           .referer = view(request[http::field::referer]),
                           .fetch_site = view(request["Sec-Fetch-Site"]),
                           .user_agent = view(request[http::field::user_agent])};
    if (is_from_elsewhere(sender)) co_return co_await complain(parser, 403);
    auto action = web_action(daemon_, form);
    if (!action) co_return co_await complain(parser, 500);
    co_return co_await act(parser, std::move(*action));
  }
  const std::string page = web_page(daemon_, target.path, form);
  co_return co_await say(parser, 200, web_page_type(target.path), page,
                         "Cache-Control: no-cache\r\nX-Frame-Options: DENY\r\n");
}

asio::awaitable<bool> HttpConnection::act(const Parser& parser, WebAction action) {
  std::string message = action.done;
  for (const Call& call : action.calls) {
    const MethodResponse response = co_await ask(daemon_, socket_.get_executor(), call);
    if (is_aborted_) co_return false;
    const auto* fault = std::get_if<Fault>(&response);
    // Who does not run is as good as stopped when it is to start.
    const bool is_last = &call == &action.calls.back();
    if (fault == nullptr || (!is_last && fault->code == static_cast<std::int64_t>(FaultCode::not_running))) continue;
    message = web_refusal(action, *fault);
    break;
  }
  const std::string_view host = view(parser.get()[http::field::host]);
  const std::string base = host.empty() ? "/" : fmt::format("http://{}/", host);
  co_return co_await say(
      parser, 301, "text/html;charset=utf-8", "",
      fmt::format("Location: {}?message={}\r\nCache-Control: no-cache\r\n", base, url_encoded(message)));
}

asio::awaitable<bool> HttpConnection::follow(const Parser& parser, std::string path) {
  auto file = GrowingFile::open(std::move(path), kLastBytes);
  if (!file) co_return co_await complain(parser, 404);
  const bool is_chunked = parser.get().version() >= 11;
  std::string head = "HTTP/1.1 200 OK\r\nServer: foster\r\nContent-Type: text/plain;charset=utf-8\r\n";
  head += is_chunked ? "Transfer-Encoding: chunked\r\nX-Accel-Buffering: no\r\n\r\n" : "Connection: close\r\n\r\n";
  if (!co_await write(head)) co_return false;
  while (!has_hung_up()) {
    const std::string text = file->read(kPiece);
    if (!text.empty()) {
      const std::string piece = is_chunked ? fmt::format("{:x}\r\n{}\r\n", text.size(), text) : text;
      if (!co_await write(piece)) co_return false;
      continue;
    }
    error_code ignored;
    timer_.expires_after(kLookInterval);
    co_await timer_.async_wait(into(ignored));
    if (is_aborted_) co_return false;
  }
  co_return false;
}

bool HttpConnection::has_hung_up() {
  pollfd peer{socket_.native_handle(), POLLRDHUP, 0};
  return ::poll(&peer, 1, 0) == 1 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

asio::awaitable<bool> HttpConnection::say(const Parser& parser, unsigned status, std::string_view type,
                                          std::string_view body, std::string_view headers) {
  const bool stays = parser.is_done() && parser.get().keep_alive();
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  // A client of HTTP/1.0 closes unless it is told that it may stay.
  const std::string_view connection = !stays                        ? "Connection: close\r\n"
                                      : parser.get().version() < 11 ? "Connection: Keep-Alive\r\n"
                                                                    : "";
  const std::string head =
      fmt::format("HTTP/1.1 {} {}\r\nServer: foster\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}{}\r\n", status,
                  view(reason), type, body.size(), connection, headers);
  const bool wants_body = parser.get().method() != http::verb::head;
  co_return co_await write(head, wants_body ? body : std::string_view{}) && stays;
}

asio::awaitable<bool> HttpConnection::complain(const Parser& parser, unsigned status, std::string_view headers) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(status));
  const std::string page =
      fmt::format("<html><head><title>{0}</title></head><body>{1} {0}</body></html>\n", view(reason), status);
  co_return co_await say(parser, status, "text/html", page, headers);
}

// All of it at once, and then what there was no room for: whoever reads a large answer is woken once.
asio::awaitable<bool> HttpConnection::write(std::string_view head, std::string_view body) {
  error_code error;
  std::array parts{asio::buffer(head), asio::buffer(body)};
  std::size_t rest = head.size() + body.size();
  while (rest > 0 && !error && !is_aborted_) {
    std::size_t count = co_await socket_.async_write_some(parts, into(error));
    rest -= count;
    for (auto& part : parts) {
      const std::size_t written = std::min(count, part.size());
      part += written;
      count -= written;
    }
  }
  co_return !error && !is_aborted_;
}

}  // namespace foster::compat
