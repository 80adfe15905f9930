#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <exception>
#include <utility>

#include "supervisor/probe.hpp"

namespace foster::supervisor {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

// One attempt. A server that accepts and then says nothing is asked again after this.
constexpr std::chrono::seconds kAttempt{5};
constexpr std::size_t kMaxAnswer = 64 * 1024;

struct Target {
  std::string host;
  std::string port;
  std::optional<std::string> path;  // empty: a connection is enough
};

asio::awaitable<beast::tcp_stream> connect(const Target& target) {
  const auto executor = co_await asio::this_coro::executor;
  beast::tcp_stream stream(executor);
  stream.expires_after(kAttempt);
  boost::system::error_code not_literal;
  const auto address = asio::ip::make_address(target.host, not_literal);
  if (!not_literal) {
    const auto port = static_cast<std::uint16_t>(std::stoul(target.port));
    co_await stream.async_connect(asio::ip::tcp::endpoint(address, port), asio::use_awaitable);
  } else {
    // Asio resolves names in a thread of its own, made at the first one: a slow name server stops nobody.
    asio::ip::tcp::resolver resolver(executor);
    const auto endpoints = co_await resolver.async_resolve(target.host, target.port, asio::use_awaitable);
    co_await stream.async_connect(endpoints, asio::use_awaitable);
  }
  co_return stream;
}

// Throws when the target does not answer; the words for it when it does.
asio::awaitable<std::string> ask(const Target& target) {
  beast::tcp_stream stream = co_await connect(target);
  if (!target.path) co_return "tcp " + target.host + ":" + target.port + " answered";
  http::request<http::empty_body> request(http::verb::get, *target.path, 11);
  request.set(http::field::host, target.host);
  request.set(http::field::user_agent, "foster/" FOSTER_VERSION);
  request.set(http::field::connection, "close");
  co_await http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer(kMaxAnswer);
  http::response_parser<http::empty_body> parser;
  parser.skip(true);  // the status line and headers are the answer
  co_await http::async_read_header(stream, buffer, parser, asio::use_awaitable);
  const unsigned status = parser.get().result_int();
  if (status < 200 || status >= 400) throw boost::system::system_error(http::error::bad_status);
  co_return "http " + target.host + ":" + target.port + *target.path + " answered " + std::to_string(status);
}

class NetworkProbe final : public Probe {
 public:
  NetworkProbe(Loop& loop, Target target, core::Duration interval, ProbeDone done) {
    // The coroutine ends a little after the probe does, so it keeps what it is cancelled by.
    asio::co_spawn(loop.context(), run(std::move(target), interval, std::move(done)),
                   asio::bind_cancellation_slot(cancel_->slot(), [kept = cancel_](const std::exception_ptr&) {}));
  }
  ~NetworkProbe() override { cancel_->emit(asio::cancellation_type::terminal); }
  NetworkProbe(const NetworkProbe&) = delete;
  NetworkProbe& operator=(const NetworkProbe&) = delete;

 private:
  // Owns all it uses: the probe may be destroyed while this is suspended, or from within `done`. Once it is
  // cancelled, the next wait throws.
  static asio::awaitable<void> run(Target target, core::Duration interval, ProbeDone done) {
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
      std::string how;
      try {
        how = co_await ask(target);
      } catch (const boost::system::system_error&) {
        // Not yet: nobody listens, or not with the right answer.
      }
      if (!how.empty()) {
        done(std::move(how));
        co_return;
      }
      timer.expires_after(std::chrono::duration_cast<std::chrono::steady_clock::duration>(interval));
      co_await timer.async_wait(asio::use_awaitable);
    }
  }

  std::shared_ptr<asio::cancellation_signal> cancel_ = std::make_shared<asio::cancellation_signal>();
};

}  // namespace

std::unique_ptr<Probe> probe_tcp(Loop& loop, const core::ReadyTcp& target, core::Duration interval, ProbeDone done) {
  return std::make_unique<NetworkProbe>(loop, Target{target.host, std::to_string(target.port), std::nullopt}, interval,
                                        std::move(done));
}

std::unique_ptr<Probe> probe_http(Loop& loop, const core::ReadyHttp& target, core::Duration interval, ProbeDone done) {
  return std::make_unique<NetworkProbe>(loop, Target{target.host, std::to_string(target.port), target.target}, interval,
                                        std::move(done));
}

}  // namespace foster::supervisor
