// A small server with several workers: each answers a connection with its task id and its pid.
//
//   prefork 127.0.0.1:8018 4        four workers on one port; "curl http://127.0.0.1:8018/" asks one of them
//   kill -HUP $PID                  replaces all of them, and no client notices
//   kill -TTIN $PID, kill -TTOU     one more, one less
//   kill $PID                       lets them finish, and ends
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include <foster/prefork.hpp>

namespace {

void answer(const foster::UniqueFd& client, const foster::Worker& self) {
  std::array<char, 4096> request{};
  // Whoever asks gets an answer; what was asked does not matter.
  pollfd readable{client.get(), POLLIN, 0};
  if (::poll(&readable, 1, 1000) == 1) (void)!::recv(client.get(), request.data(), request.size(), MSG_DONTWAIT);
  const std::string body = "worker " + std::to_string(self.task_id()) + " is " + std::to_string(::getpid()) + "\n";
  const std::string text = "HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  (void)::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL);  // it may have gone again
}

int serve(foster::Worker& self) {
  self.ready();
  std::array<pollfd, 2> watched{pollfd{self.stop_fd().get(), POLLIN, 0}, pollfd{self.listener().get(), POLLIN, 0}};
  while (!self.should_stop()) {
    self.beat();
    if (::poll(watched.data(), watched.size(), self.poll_timeout()) <= 0 || watched[1].revents == 0) continue;
    const foster::UniqueFd client(::accept4(self.listener().get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (client) answer(client, self);  // otherwise another worker was quicker
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  unsigned workers = 0;
  const std::string_view text = argc == 3 ? argv[2] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), workers).ptr != text.data() + text.size() ||
      workers == 0) {
    std::fprintf(stderr, "usage: prefork ADDRESS WORKERS\n");
    return 2;
  }
  using namespace std::chrono_literals;
  foster::PreforkOptions options;
  options.workers = workers;
  options.listen = {argv[1]};
  options.restart_on = foster::RestartOn::every_exit;
  options.ready_within = 10s;
  options.heartbeat = 30s;
  options.on_event = [](const foster::PreforkEvent& event) {
    std::fprintf(stderr, "%s\n", foster::to_string(event).c_str());
  };
  const auto report = foster::prefork(options, serve);
  if (!report) {
    std::fprintf(stderr, "%s\n", foster::to_string(report.error()).c_str());
    return 1;
  }
  return 0;
}
