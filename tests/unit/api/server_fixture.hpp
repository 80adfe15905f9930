// A server on a socket pair's or socket file's end, with its loop turned by the test itself: no thread, no sleep.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include <foster/fd.hpp>

#include "api/server.hpp"
#include "unit/api/fake_service.hpp"

namespace foster::api {

/// A listening socket with a name that needs no file and vanishes with it.
class Listener {
 public:
  Listener() : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    // Binding to nothing lets the kernel choose a free abstract name (unix(7)).
    address_.sun_family = AF_UNIX;
    length_ = sizeof(sa_family_t);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address_), length_), 0);
    length_ = sizeof address_;
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address_), &length_), 0);
    EXPECT_EQ(::listen(fd_.get(), 512), 0);
  }
  UniqueFd take() { return std::move(fd_); }
  UniqueFd connect() const {
    UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address_), length_), 0);
    return client;
  }

 private:
  UniqueFd fd_;
  sockaddr_un address_{};
  socklen_t length_ = 0;
};

struct ServerTest : ::testing::Test {
  Listener listener;
  FakeService service;
  boost::asio::io_context loop{1};
  std::unique_ptr<Server> server;

  void serve(ServerOptions options = {}) {
    server = std::make_unique<Server>(loop, listener.take(), service, std::move(options));
  }

  /// Turns the loop until the condition holds; false after five seconds.
  bool turn_until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      loop.restart();
      if (loop.poll() == 0) loop.run_one_for(std::chrono::milliseconds(1));
    }
    return true;
  }

  static void send(const UniqueFd& client, std::string_view text) {
    ASSERT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }

  /// Appends what has come; false once the other side has closed.
  static bool receive(const UniqueFd& client, std::string& text) {
    char buffer[65536];
    const ssize_t count = ::recv(client.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (count > 0) text.append(buffer, std::size_t(count));
    return count > 0 || (count < 0 && errno == EAGAIN);
  }

  /// What comes until the text holds `wanted`.
  std::string receive_until(const UniqueFd& client, std::string_view wanted) {
    std::string text;
    EXPECT_TRUE(turn_until([&] {
      receive(client, text);
      return text.find(wanted) != std::string::npos;
    })) << text.substr(0, 2000);
    return text;
  }
  /// Everything until the server closes.
  std::string receive_all(const UniqueFd& client) {
    std::string text;
    EXPECT_TRUE(turn_until([&] { return !receive(client, text); })) << text.substr(0, 2000);
    return text;
  }

  /// One request on a connection of its own.
  std::string ask(const std::string& method, const std::string& target, const std::string& body = "",
                  const std::string& headers = "") {
    const UniqueFd client = listener.connect();
    send(client, method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + headers +
                     "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return receive_all(client);
  }

  UniqueFd connect() const { return listener.connect(); }
};

}  // namespace foster::api
