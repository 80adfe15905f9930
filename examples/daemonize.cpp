// A small daemon: says "hello" to whoever connects to a port of this machine, until SIGTERM.
//
//   daemonize 8017 /tmp/hello.pid   returns when the port is open
//   daemonize 80 /tmp/hello.pid     as an ordinary user: "bind 127.0.0.1:80: Permission denied", exit code 3
#include <arpa/inet.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include <foster/daemonize.hpp>
#include <foster/fd.hpp>

namespace {

foster::Result<foster::UniqueFd> listen_on(std::uint16_t port) {
  const std::string place = "127.0.0.1:" + std::to_string(port);
  foster::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener) return foster::failure("socket", errno);
  const int yes = 1;
  (void)::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // bind says what goes wrong
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return foster::failure("bind", errno, place);
  }
  if (::listen(listener.get(), SOMAXCONN) != 0) return foster::failure("listen", errno, place);
  return listener;
}

foster::Result<foster::UniqueFd> open_termination() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  foster::UniqueFd fd(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd) return foster::failure("signalfd", errno);
  return fd;
}

void serve(const foster::UniqueFd& listener, const foster::UniqueFd& termination) {
  std::array<pollfd, 2> watched{pollfd{termination.get(), POLLIN, 0}, pollfd{listener.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0) return;
    if (watched[1].revents == 0) continue;
    const foster::UniqueFd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    constexpr std::string_view kGreeting = "hello\n";
    (void)::send(client.get(), kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL);  // it may have gone again
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  const std::string_view text = argc == 3 ? argv[1] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), port).ptr != text.data() + text.size() || port == 0) {
    std::fprintf(stderr, "usage: daemonize PORT PIDFILE\n");
    return 2;
  }
  auto daemon = foster::daemonize({.pidfile = argv[2]});
  if (!daemon) {
    std::fprintf(stderr, "%s\n", foster::to_string(daemon.error()).c_str());
    return 1;
  }
  // From here on this is the daemon; the launcher waits for one of the answers below.
  constexpr int kNoPort = 3;
  const auto termination = open_termination();
  if (!termination) return daemon->fail(termination.error());
  const auto listener = listen_on(port);
  if (!listener) return daemon->fail(listener.error(), kNoPort);
  daemon->ready();
  serve(*listener, *termination);
  return 0;
}
