// One client: the only header that knows Asio and Beast. Internal to api/.
// Looking for the server? api/server.hpp
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/deadlines.hpp"
#include "api/http.hpp"
#include "api/server.hpp"
#include "api/wake_up.hpp"

namespace foster::api {

using Socket = boost::asio::local::stream_protocol::socket;

/// A conversation: requests one after the other until either side ends it. Kept alive by its own coroutine;
/// whoever else refers to it does so weakly.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, std::shared_ptr<Deadlines> deadlines, ControlService& service, const ServerLimits& limits,
             Actor actor);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The whole conversation. Ends soon after `abort`.
  boost::asio::awaitable<void> converse();

  /// Says no to a peer that may not be here, without reading anything.
  boost::asio::awaitable<void> refuse(unsigned status, std::string body);

  /// Disconnects at once; the service is not used again, and cursors on it are dropped before this returns.
  void abort();
  /// No further request; what is being answered is finished.
  void drain();

  /// Since when it waits for a request; empty while it works on one.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> idle_since() const { return idle_since_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  /// How the answer is written.
  struct Framing {
    bool is_chunked = true;  ///< For a stream; HTTP/1.0 knows no chunks and reads until the end.
    bool keeps_alive = true;
    bool has_body = true;  ///< Not for HEAD.
  };

  // The steps of a request. Those that return bool say false when the conversation is over.
  boost::asio::awaitable<bool> wait_for_request();
  boost::asio::awaitable<bool> read_request(Parser& parser);
  boost::asio::awaitable<bool> read_body(Parser& parser);
  boost::asio::awaitable<std::optional<Response>> ask(Request request);
  boost::asio::awaitable<bool> answer(Parser& parser);
  boost::asio::awaitable<bool> write_response(Response response, Framing framing);
  boost::asio::awaitable<bool> write_source(Framing framing);
  boost::asio::awaitable<bool> write_piece(std::string_view bytes);
  boost::asio::awaitable<void> write_read_error(boost::beast::error_code error);
  boost::asio::awaitable<void> say_goodbye(unsigned status, std::string body);

  [[nodiscard]] std::optional<Request> request_from(Parser& parser) const;
  void watch_for_hang_up();
  void set_deadline(std::chrono::milliseconds time);
  void clear_deadline();
  [[nodiscard]] bool is_over() const { return is_aborted_ || has_hung_up_; }

  Socket socket_;
  std::shared_ptr<Deadlines> deadlines_;
  std::optional<Deadlines::Key> deadline_;
  bool has_timed_out_ = false;
  boost::beast::flat_buffer buffer_;
  WakeUp wake_up_;
  ControlService& service_;
  ServerLimits limits_;
  Actor actor_;
  std::unique_ptr<BodySource> source_;
  std::optional<Response> response_;
  std::optional<std::chrono::steady_clock::time_point> idle_since_;
  std::uint64_t request_number_ = 0;
  bool is_watching_ = false;
  bool has_hung_up_ = false;
  bool is_aborted_ = false;
  bool is_draining_ = false;
};

}  // namespace foster::api
