// A pool in a loop of the program's own: the master obeys standard input, line by line, and its workers count.
//
//   prefork_loop        "scale 3", "restart", "list", "stop"; the end of the input stops it, too
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <foster/prefork.hpp>

namespace {

int count(foster::Worker& self) {
  pollfd stop{self.stop_fd().get(), POLLIN, 0};
  for (unsigned long seconds = 0;; ++seconds) {
    if (::poll(&stop, 1, 1000) != 0 && self.should_stop()) {
      std::printf("worker %u counted to %lu\n", self.task_id(), seconds);
      return 0;
    }
  }
}

void obey(foster::Prefork& pool, std::string_view line) {
  if (line == "stop") return pool.stop();
  if (line == "restart") return pool.restart();
  if (line == "list") {
    for (const auto& worker : pool.workers()) std::printf("task %u is %d\n", worker.task, worker.pid.number());
    std::fflush(stdout);
    return;
  }
  if (line.starts_with("scale ")) {
    const auto workers = static_cast<unsigned>(std::strtoul(std::string(line.substr(6)).c_str(), nullptr, 10));
    if (const auto done = pool.scale(workers); done) return;
  }
  std::fprintf(stderr, "what is \"%.*s\"?\n", static_cast<int>(line.size()), line.data());
}

/// What has come from standard input; false at its end.
bool read_lines(foster::Prefork& pool, std::string& rest) {
  std::array<char, 1024> piece{};
  const ssize_t size = ::read(STDIN_FILENO, piece.data(), piece.size());
  if (size <= 0) return false;
  rest.append(piece.data(), static_cast<std::size_t>(size));
  for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
    obey(pool, rest.substr(0, end));
    rest.erase(0, end + 1);
  }
  return true;
}

}  // namespace

int main() {
  foster::PreforkOptions options;
  options.workers = 2;
  auto pool = foster::Prefork::start(options, count);
  if (!pool) {
    std::fprintf(stderr, "%s\n", foster::to_string(pool.error()).c_str());
    return 1;
  }
  std::string rest;
  std::array<pollfd, 2> watched{pollfd{pool->fd().get(), POLLIN, 0}, pollfd{STDIN_FILENO, POLLIN, 0}};
  while (!pool->is_done()) {
    (void)::poll(watched.data(), watched.size(), -1);  // EINTR: look at both
    if (watched[0].revents != 0) pool->handle();
    if (watched[1].revents != 0 && !read_lines(*pool, rest)) {
      watched[1].fd = -1;
      pool->stop();
    }
  }
  return pool->result() ? 0 : 1;
}
