#include "pools.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include <foster/listen.hpp>
#include <foster/prefork.hpp>
#include "proc.hpp"
#include "report.hpp"

namespace foster::bench {
namespace {

constexpr std::string_view kQuestion = "GET / HTTP/1.0\r\n\r\n";
// The one that the distribution's packages are for.
constexpr const char* kPython = "/usr/bin/python3";

ListeningSocket open_port() {
  auto socket = listen_on("127.0.0.1:0");
  if (!socket) throw std::runtime_error(to_string(socket.error()));
  // Whoever waits in accept is woken alone; so do the others here.
  (void)::fcntl(socket->fd().get(), F_SETFL, 0);
  return std::move(*socket);
}

std::uint16_t port_of(const ListeningSocket& socket) {
  const std::string& address = socket.address();
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

[[noreturn]] void serve_for_ever(int listener) {
  for (;;) {
    const UniqueFd client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    std::array<char, 256> question{};
    (void)!::read(client.get(), question.data(), question.size());
    const std::string answer = fmt::format("HTTP/1.0 200 OK\r\n\r\n{}", ::getpid());
    (void)::send(client.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }
}

/// fork, wait, fork again.
class BarePool final : public ServingPool {
 public:
  BarePool() : ServingPool("floor: fork, wait, fork") {
    const auto socket = open_port();
    set_port(port_of(socket));
    const pid_t master = ::fork();
    if (master != 0) {
      set_master(master);
      return;
    }
    for (;;) {
      const pid_t worker = ::fork();
      if (worker == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve_for_ever(socket.fd().get());
      }
      ::waitpid(worker, nullptr, 0);
    }
  }
};

class FosterPool final : public ServingPool {
 public:
  FosterPool() : ServingPool("libfoster") {
    const auto socket = open_port();
    set_port(port_of(socket));
    const pid_t master = ::fork();
    if (master != 0) {
      set_master(master);
      return;
    }
    PreforkOptions options;
    options.workers = 1;
    options.max_restarts.reset();
    options.brake = {.initial = std::chrono::milliseconds(0), .max = std::chrono::milliseconds(0)};
    const auto report = prefork(options, [&](Worker&) -> int { serve_for_ever(socket.fd().get()); });
    ::_exit(report ? 0 : 1);
  }
};

/// A pool of somebody else's making, with a directory for what it needs.
class InstalledPool : public ServingPool {
 public:
  explicit InstalledPool(std::string name) : ServingPool(std::move(name)) {
    std::string path = "/dev/shm/foster-bench-pool-XXXXXX";
    if (::mkdtemp(path.data()) != nullptr) directory_ = path;
    set_port(port_of(open_port()));  // free a moment ago
  }
  ~InstalledPool() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

 protected:
  [[nodiscard]] const std::string& directory() const { return directory_; }
  std::string write(const std::string& name, const std::string& text) const {
    std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

 private:
  std::string directory_;
};

class TornadoPool final : public InstalledPool {
 public:
  TornadoPool() : InstalledPool("tornado fork_processes") {
    const std::string script = write("serve.py", fmt::format(R"(
import os, socket
from tornado.process import fork_processes
listener = socket.create_server(("127.0.0.1", {}))
fork_processes(1, max_restarts=1000000)
while True:
    client, _ = listener.accept()
    client.recv(256)
    client.sendall(b"HTTP/1.0 200 OK\r\n\r\n%d" % os.getpid())
    client.close()
)",
                                                             port()));
    set_master(begin({kPython, script}));
  }
};

class NginxPool final : public InstalledPool {
 public:
  NginxPool() : InstalledPool("nginx") {
    const std::string config = write("nginx.conf", fmt::format(R"(
daemon off; worker_processes 1; pid {0}/pid; error_log /dev/null crit;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
  uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
  server {{ listen 127.0.0.1:{1}; location / {{ return 200 "$pid"; }} }}
}}
)",
                                                               directory(), port()));
    set_master(begin({"nginx", "-c", config}));
  }
};

bool comes_up(const ServingPool& pool) {
  const std::int64_t deadline = now() + 10'000'000'000;
  while (now() < deadline) {
    if (pool.ask()) return true;
    pause_milliseconds(5);
  }
  return false;
}

}  // namespace

ServingPool::~ServingPool() {
  // Not every master takes its worker along.
  const auto worker = ask();
  if (master_ > 0) {
    ::kill(master_, SIGTERM);
    ::waitpid(master_, nullptr, 0);
  }
  if (worker) ::kill(*worker, SIGKILL);
}

std::optional<pid_t> ServingPool::ask() const {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = 20, .tv_usec = 0};
  (void)::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
  (void)::send(socket.get(), kQuestion.data(), kQuestion.size(), MSG_NOSIGNAL);
  std::string answer;
  std::array<char, 512> piece{};
  for (ssize_t size = 0; (size = ::read(socket.get(), piece.data(), piece.size())) > 0;) {
    answer.append(piece.data(), static_cast<std::size_t>(size));
  }
  const auto body = answer.rfind('\n');
  pid_t pid = 0;
  if (body == std::string::npos) return std::nullopt;
  (void)std::from_chars(answer.data() + body + 1, answer.data() + answer.size(), pid);
  if (pid <= 0) return std::nullopt;
  return pid;
}

std::vector<std::unique_ptr<ServingPool>> start_pools() {
  (void)std::fflush(nullptr);  // or it would come out of every fork
  std::vector<std::unique_ptr<ServingPool>> pools;
  const auto add = [&](std::unique_ptr<ServingPool> pool) {
    if (comes_up(*pool)) pools.push_back(std::move(pool));
  };
  add(std::make_unique<BarePool>());
  add(std::make_unique<FosterPool>());
  if (run({kPython, "-c", "import tornado.process"}).code == 0) add(std::make_unique<TornadoPool>());
  if (is_installed("nginx")) add(std::make_unique<NginxPool>());
  return pools;
}

}  // namespace foster::bench
