#include "clients.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include <foster/fd.hpp>

namespace foster::chaos {
namespace {

constexpr auto kPace = 5ms;

UniqueFd connect_to(const sockaddr* address, socklen_t size, int family) {
  UniqueFd fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{20, 0};
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), address, size) != 0) return {};
  return fd;
}

bool send_all(const UniqueFd& fd, const std::string& text) {
  return ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

/// What is wrong with the answer; empty: nothing.
std::string ask_nginx(unsigned port, const std::string& expected) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const UniqueFd fd = connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, AF_INET);
  if (!fd) return std::string("connect: ") + std::strerror(errno);
  if (!send_all(fd, "GET /index.html HTTP/1.0\r\n\r\n")) return std::string("send: ") + std::strerror(errno);
  std::string answer;
  std::array<char, 65536> bytes;
  ssize_t size = 0;
  while ((size = ::read(fd.get(), bytes.data(), bytes.size())) > 0) {
    answer.append(bytes.data(), static_cast<std::size_t>(size));
  }
  if (size < 0) return std::string("read: ") + std::strerror(errno);
  if (!answer.starts_with("HTTP/1.1 200 ")) return answer.substr(0, 40);
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos || answer.substr(head + 4) != expected) return "another body";
  return {};
}

void use_nginx(const std::stop_token& stop, unsigned port, Report& report) {
  const std::string expected = http_body();
  while (!stop.stop_requested()) {
    const std::string problem = ask_nginx(port, expected);
    report.count("HTTP requests");
    if (!problem.empty()) {
      report.find("http", "port " + std::to_string(port) + ": " + problem);
      rest(1s);  // told once a second, not at every try
    }
    rest(kPace);
  }
}

/// One connection for all the time: redis must never be gone.
class Redis {
 public:
  explicit Redis(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    fd_ = connect_to(reinterpret_cast<const sockaddr*>(&address), sizeof address, AF_UNIX);
  }
  [[nodiscard]] bool is_connected() const { return static_cast<bool>(fd_); }
  /// The answer, which has one line, or one value in a second line. Empty: none came.
  std::string ask(const std::string& command) {
    if (!send_all(fd_, command + "\r\n")) return {};
    const std::string first = line();
    return first.starts_with('$') && first != "$-1" ? line() : first;
  }

 private:
  std::string line() {
    std::size_t end = 0;
    while ((end = read_.find("\r\n")) == std::string::npos) {
      std::array<char, 4096> bytes;
      const ssize_t size = ::read(fd_.get(), bytes.data(), bytes.size());
      if (size <= 0) return {};
      read_.append(bytes.data(), static_cast<std::size_t>(size));
    }
    std::string found = read_.substr(0, end);
    read_.erase(0, end + 2);
    return found;
  }
  UniqueFd fd_;
  std::string read_;
};

void use_redis(const std::stop_token& stop, const std::string& socket, Report& report) {
  Redis redis(socket);
  if (!redis.is_connected()) return report.find("redis", "cannot connect");
  std::map<std::string, std::string> model;
  for (std::uint64_t n = 0; !stop.stop_requested(); ++n) {
    const std::string key = "key" + std::to_string(n * 2654435761U % 500);
    if (const auto known = model.find(key); known != model.end()) {
      const std::string value = redis.ask("GET " + key);
      if (value != known->second) return report.find("redis", key + " is '" + value + "', not '" + known->second + "'");
    }
    model[key] = "value" + std::to_string(n);
    if (redis.ask("SET " + key + " " + model[key]) != "+OK") return report.find("redis", "SET was not answered");
    if (redis.ask("INCR count") != ":" + std::to_string(n + 1)) return report.find("redis", "INCR lost count");
    report.count("redis commands", 3);
    rest(kPace);
  }
}

}  // namespace

Clients::Clients(const Fleet& fleet, Report& report) {
  for (const unsigned port : fleet.http_ports()) {
    threads_.emplace_back([port, &report](const std::stop_token& stop) { use_nginx(stop, port, report); });
  }
  if (!fleet.redis_socket().empty()) {
    threads_.emplace_back(
        [socket = fleet.redis_socket(), &report](const std::stop_token& stop) { use_redis(stop, socket, report); });
  }
}

}  // namespace foster::chaos
