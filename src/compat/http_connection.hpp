// One client's conversation. Internal to compat/, for http_server.cpp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "compat/growing_file.hpp"
#include "compat/http_server.hpp"
#include "compat/http_target.hpp"
#include "compat/web_pages.hpp"

namespace foster::compat {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;

  HttpConnection(Socket socket, Daemon& daemon, const std::optional<Login>& login, const HttpLimits& limits);

  /// Answers requests until the client, or `abort`, ends it.
  boost::asio::awaitable<void> converse();
  void abort();
  /// The answer that is due is the last one. Who has had one, and asks for nothing now, gets no more.
  void drain();
  /// Waits for a request, and may be ended to make room.
  [[nodiscard]] bool is_idle() const { return is_idle_; }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  boost::asio::awaitable<bool> wait_for_request();
  boost::asio::awaitable<bool> read(Parser& parser);
  boost::asio::awaitable<bool> answer(const Parser& parser);
  boost::asio::awaitable<bool> answer_call(const Parser& parser);
  boost::asio::awaitable<bool> show(const Parser& parser, HttpTarget target);
  boost::asio::awaitable<bool> act(const Parser& parser, WebAction action);
  boost::asio::awaitable<bool> follow(const Parser& parser, std::string path);
  boost::asio::awaitable<bool> say(const Parser& parser, unsigned status, std::string_view type, std::string_view body,
                                   std::string_view headers = {});
  boost::asio::awaitable<bool> complain(const Parser& parser, unsigned status, std::string_view headers = {});
  boost::asio::awaitable<bool> write(std::string_view head, std::string_view body = {});
  [[nodiscard]] unsigned refusal_of(const Parser& parser) const;
  [[nodiscard]] bool has_hung_up();

  Socket socket_;
  Daemon& daemon_;
  const std::optional<Login>& login_;
  HttpLimits limits_;
  boost::beast::flat_buffer buffer_;
  boost::asio::steady_timer timer_;
  bool is_idle_ = true;
  bool was_answered_ = false;
  bool is_draining_ = false;
  bool is_aborted_ = false;
};

}  // namespace foster::compat
