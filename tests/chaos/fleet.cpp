#include "fleet.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

namespace foster::chaos {
namespace {

// Small files, so that rotation happens while supervisors are lost; all of them kept, so that every byte is checked.
constexpr const char* kLog = "log = { max-size = \"128KiB\", keep = 1000 }\n";
constexpr const char* kSiftedLog =
    "log = { max-size = \"128KiB\", keep = 1000, strip-ansi = true, capture = \"1KiB\" }\n";
constexpr const char* kTireless = "limit = \"none\"\nbackoff = { initial = \"5ms\", max = \"20ms\" }\n";

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string rest = std::string(path != nullptr ? path : "") + ":/usr/sbin:/sbin";
  for (std::size_t at = 0; at <= rest.size();) {
    const std::size_t end = std::min(rest.find(':', at), rest.size());
    if (::access((rest.substr(at, end - at) + "/" + program).c_str(), X_OK) == 0) return true;
    at = end + 1;
  }
  return false;
}

unsigned free_port() {
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 || ::getsockname(socket.get(), generic, &size) != 0) {
    throw std::runtime_error("no free port");
  }
  return ntohs(address.sin_port);
}

/// A socket that listens on the port of 127.0.0.1, as a line of /proc/net/tcp has it.
std::string listening_at(unsigned port) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), ": %08X:%04X 00000000:0000 0A", htonl(INADDR_LOOPBACK), port);
  return text.data();
}

std::string in_quotes(const std::string& text) {
  return "\"" + text + "\"";
}

}  // namespace

std::string http_body() {
  return std::string(20'000, 'f') + "\n";
}

void Fleet::add_speakers(const std::string& speaker) {
  speaker_ = speaker;
  for (int n = 0; n < 3; ++n) add_speaker("steady" + std::to_string(n), Role::steady, "pause=900", "");
  for (int n = 0; n < 3; ++n) add_speaker("target" + std::to_string(n), Role::target, "pause=1300", kTireless);
  add_speaker("stray", Role::target, "pause=3000 stray=1", kTireless);
  for (int n = 0; n < 2; ++n) {
    add_speaker("brief" + std::to_string(n), Role::brief, "pause=700 lines=" + std::to_string(60 + 500 * n),
                std::string(kTireless) + "restart = \"always\"\n");
  }
  const auto forking = [](const std::string& name) { return "type = \"forking\"\npidfile = \"" + name + ".pid\"\n"; };
  add_speaker("daemon", Role::steady, "pause=2000 daemonize=" + sandbox_.path("daemon.pid"), forking("daemon"));
  add_speaker("forker", Role::target, "pause=2000 daemonize=" + sandbox_.path("forker.pid"),
              forking("forker") + kTireless);
}

void Fleet::add_target(const std::string& name, const std::string& speaker) {
  speaker_ = speaker;
  target_port_ = free_port();
  add_speaker(
      name, Role::target, "pause=2000",
      std::string(kTireless) + "stdin = { listen = \"tcp://127.0.0.1:" + std::to_string(target_port_) + "\" }\n");
}

bool Fleet::target_listens() const {
  std::ifstream sockets("/proc/net/tcp");
  const std::string wanted = listening_at(target_port_);
  for (std::string line; std::getline(sockets, line);) {
    if (line.contains(wanted)) return true;
  }
  return false;
}

void Fleet::add_speaker(const std::string& name, Role role, const std::string& arguments, const std::string& keys) {
  std::string words = in_quotes(speaker_) + ", " + in_quotes(sandbox_.witnesses());
  for (std::size_t at = 0; at < arguments.size();) {
    const std::size_t end = std::min(arguments.find(' ', at), arguments.size());
    words += ", " + in_quotes(arguments.substr(at, end - at));
    at = end + 1;
  }
  // What speaks plainly is logged the same whether it is looked at on the way or not.
  const char* log = name.ends_with('1') ? kSiftedLog : kLog;
  services_.push_back(
      {.name = name, .role = role, .definition = "command = [" + words + "]\nstart-seconds = \"1ms\"\n" + log + keys});
}

void Fleet::add_real_servers() {
  if (is_installed("redis-server")) {
    redis_socket_ = sandbox_.path("redis.sock");
    services_.push_back({.name = "redis",
                         .speaks = false,
                         .definition = "command = [\"redis-server\", \"--port\", \"0\", \"--save\", \"\", "
                                       "\"--unixsocket\", " +
                                       in_quotes(redis_socket_) + "]\nready = { log = \"[Rr]eady to accept\" }\n"});
  }
  if (is_installed("nginx")) {
    add_nginx("nginx", false);
    add_nginx("nginx-daemon", true);
  }
}

void Fleet::add_nginx(const std::string& name, bool is_daemon) {
  const std::string here = sandbox_.path(name);
  std::filesystem::create_directory(here);
  testing::write_file(here + "/index.html", http_body());
  const unsigned port = free_port();
  http_ports_.push_back(port);
  std::string conf = std::string("daemon ") + (is_daemon ? "on" : "off") + ";\nworker_processes 2;\npid " + here +
                     "/nginx.pid;\nerror_log " + here + "/error.log;\nevents {}\nhttp {\n  access_log off;\n";
  // As root its workers become another user, who cannot enter our directories.
  if (::geteuid() == 0) conf = "user root;\n" + conf;
  for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    conf += std::string("  ") + kind + "_temp_path " + here + "/" + kind + ";\n";
  }
  conf += "  server { listen 127.0.0.1:" + std::to_string(port) + "; root " + here + "; }\n}\n";
  testing::write_file(here + "/nginx.conf", conf);
  const std::string how = is_daemon ? "type = \"forking\"\npidfile = " + in_quotes(here + "/nginx.pid") + "\n"
                                    : "ready = { tcp = \"127.0.0.1:" + std::to_string(port) + "\" }\n";
  services_.push_back(
      {.name = name,
       .speaks = false,
       .definition = "command = [\"nginx\", \"-p\", " + in_quotes(here) + ", \"-e\", \"error.log\", " +
                     "\"-c\", \"nginx.conf\"]\nenvironment = { PATH = \"/usr/sbin:/usr/bin:/sbin:/bin\" }\n" + how});
}

void Fleet::add_sleepers(unsigned count) {
  if (count == 0) return;
  services_.push_back({.name = "sleeper",
                       .speaks = false,
                       .definition = "command = [\"sleep\", \"100000\"]\nstart-seconds = \"1ms\"\nworkers = " +
                                     std::to_string(count) + "\n"});
}

void Fleet::write_config() const {
  std::string text = "name = \"chaos\"\n";
  for (const Service& service : services_) {
    text += "\n[service." + service.name + "]\n" + service.definition;
    if (service.role == Role::target) {
      text += "environment = { GENERATION = \"" + std::to_string(service.generation) + "\" }\n";
    }
  }
  testing::write_file(sandbox_.path("foster.toml.new"), text);
  std::filesystem::rename(sandbox_.path("foster.toml.new"), sandbox_.path("foster.toml"));
}

std::vector<std::string> Fleet::speakers() const {
  std::vector<std::string> names;
  for (const Service& service : services_) {
    if (service.speaks) names.push_back(service.name);
  }
  return names;
}

std::vector<Service*> Fleet::with_role(Role role) {
  std::vector<Service*> found;
  for (Service& service : services_) {
    if (service.role == role) found.push_back(&service);
  }
  return found;
}

}  // namespace foster::chaos
