// A daemon of a program with threads. The port is bound before, while the program has the rights, and handed on; the
// daemon tells on which address it listens.
//
//   reexec /tmp/greeter.pid     "process 4711 listens on 127.0.0.1:41235"
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>

#include <foster/daemonize_by_reexec.hpp>

namespace {

/// Any free port of this machine.
foster::Result<foster::UniqueFd> open_listener() {
  foster::UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return foster::failure("bind", errno, "127.0.0.1");
  }
  if (::listen(listener.get(), SOMAXCONN) != 0) return foster::failure("listen", errno, "127.0.0.1");
  return listener;
}

std::string address_of(const foster::UniqueFd& listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  (void)::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

int serve(foster::ReexecDaemon& self) {
  const auto listener = self.take("listener");
  if (!listener) return self.daemon().fail({"take", ENOENT, "listener"});
  self.daemon().ready(address_of(listener));
  for (;;) {
    const foster::UniqueFd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!client && errno != EINTR && errno != ECONNABORTED) return 1;
    constexpr std::string_view kGreeting = "hello\n";
    (void)::send(client.get(), kGreeting.data(), kGreeting.size(), MSG_NOSIGNAL);  // it may have gone again
  }
}

int launch(const char* pidfile) {
  std::jthread busy([](const std::stop_token& stop) {  // the reason why daemonize would refuse
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  const auto listener = open_listener();
  if (!listener) {
    std::fprintf(stderr, "%s\n", foster::to_string(listener.error()).c_str());
    return 1;
  }
  const auto report = foster::daemonize_by_reexec({.pidfile = pidfile}, {.descriptors = {{"listener", *listener}}});
  if (!report || report->error) {
    std::fprintf(stderr, "%s\n", foster::to_string(report ? *report->error : report.error()).c_str());
    return report ? report->exit_code : 1;
  }
  std::printf("process %d listens on %s\n", report->daemon->number(), report->message.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // First of all: before threads, and before the arguments are looked at.
  if (auto self = foster::reexec_daemon()) return serve(*self);
  if (argc != 2) {
    std::fprintf(stderr, "usage: reexec PIDFILE\n");
    return 2;
  }
  return launch(argv[1]);
}
