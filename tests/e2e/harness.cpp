#include "e2e/harness.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>

#include "sys/pidfd.hpp"
#include "sys/procfs.hpp"

namespace foster::e2e {

namespace json = boost::json;

namespace {

// Marks every process of a test, so that what is left over is found wherever it went.
constexpr const char* kMark = "FOSTER_E2E_MARK";

using Clock = std::chrono::steady_clock;

std::string text_of(const json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : "";
}

Row to_row(const json::object& object) {
  Row row;
  row.service = text_of(object.at("service"));
  row.name = text_of(object.at("name"));
  row.state = text_of(object.at("state"));
  row.cause = text_of(object.at("cause"));
  row.log = text_of(object.at("log"));
  row.dropped_bytes = object.at("dropped_bytes").to_number<std::uint64_t>();
  row.log_trouble = text_of(object.at("log_trouble"));
  if (object.at("pid").is_int64()) row.pid = static_cast<pid_t>(object.at("pid").as_int64());
  if (object.at("run").is_number()) row.run = object.at("run").to_number<unsigned>();
  row.restarts = object.at("restarts").to_number<unsigned>();
  row.ready = object.at("ready").as_bool();
  if (const auto* exit = object.at("exit").if_object()) {
    if (const auto* code = exit->if_contains("code")) row.exit_code = code->to_number<int>();
    if (const auto* signal = exit->if_contains("signal")) row.exit_signal = text_of(*signal);
  }
  return row;
}

std::vector<std::string> environment_lines(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> lines;
  for (char** line = ::environ; *line != nullptr; ++line) {
    const std::string text = *line;
    if (!changes.contains(text.substr(0, text.find('=')))) lines.push_back(text);
  }
  for (const auto& [name, value] : changes) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

}  // namespace

Running::Running(std::vector<std::string> argv, const std::map<std::string, std::string>& environment, int input) {
  std::array<int, 2> out{};
  std::array<int, 2> err{};
  if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(err.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  auto lines = environment_lines(environment);
  const auto directory = environment.find("PWD");
  const auto arguments = pointers(argv);
  const auto variables = pointers(lines);
  pid_ = ::fork();
  if (pid_ == 0) {
    const int in = input >= 0 ? input : ::open("/dev/null", O_RDONLY);
    ::dup2(in, 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    if (directory != environment.end() && ::chdir(directory->second.c_str()) != 0) ::_exit(126);
    ::execvpe(arguments[0], arguments.data(), variables.data());
    ::_exit(127);
  }
  ::close(out[1]);
  ::close(err[1]);
  out_fd_ = out[0];
  err_fd_ = err[0];
}

Running::~Running() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (out_fd_ >= 0) ::close(out_fd_);
  if (err_fd_ >= 0) ::close(err_fd_);
}

void Running::read_what_is_there(int wait_milliseconds) {
  std::array<pollfd, 2> fds{pollfd{out_fd_, POLLIN, 0}, pollfd{err_fd_, POLLIN, 0}};
  if (::poll(fds.data(), fds.size(), wait_milliseconds) <= 0) return;
  for (std::size_t n = 0; n < fds.size(); ++n) {
    if ((fds[n].revents & (POLLIN | POLLHUP)) == 0) continue;
    std::array<char, 65536> bytes;
    const ssize_t size = ::read(fds[n].fd, bytes.data(), bytes.size());
    int& fd = n == 0 ? out_fd_ : err_fd_;
    if (size > 0) {
      (n == 0 ? out_ : err_).append(bytes.data(), static_cast<std::size_t>(size));
    } else {
      ::close(fd);
      fd = -1;
    }
  }
}

const std::string& Running::out() {
  read_what_is_there(0);
  return out_;
}

const std::string& Running::err() {
  read_what_is_there(0);
  return err_;
}

void Running::signal(int number) const {
  ::kill(pid_, number);
}

Finished Running::finish(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  int status = 0;
  pid_t ended = 0;
  while (Clock::now() < deadline) {
    ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) break;
    read_what_is_there(2);
    if (out_fd_ < 0 && err_fd_ < 0) ::poll(nullptr, 0, 2);
  }
  const bool in_time = ended == pid_;
  if (!in_time) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
  }
  pid_ = -1;
  // Whoever inherited the pipes may keep them open: take what is there, wait for nobody.
  for (int quiet = 0; quiet < 2 && (out_fd_ >= 0 || err_fd_ >= 0); ++quiet) {
    const std::size_t before = out_.size() + err_.size();
    read_what_is_there(0);
    if (out_.size() + err_.size() != before) quiet = -1;
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {in_time ? code : 124, out_, err_};
}

Foster::Foster() {
  environment = {{"FOSTER_RUNTIME_DIR", directory_.path("run")},
                 {"FOSTER_STATE_DIR", directory_.path("state")},
                 {"FOSTER_LOG_DIR", directory_.path("log")},
                 {"NO_COLOR", "1"},
                 {"PWD", directory_.path()},
                 {kMark, directory_.path()}};
}

Foster::~Foster() {
  down();
}

Finished Foster::run(const std::vector<std::string>& arguments, std::chrono::milliseconds patience) {
  return begin(arguments)->finish(patience);
}

std::unique_ptr<Running> Foster::begin(const std::vector<std::string>& arguments, int input) {
  std::vector<std::string> argv{FOSTER_BINARY};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return std::make_unique<Running>(std::move(argv), environment, input);
}

Finished Foster::run_program(const std::vector<std::string>& argv, std::chrono::milliseconds patience) {
  return Running(argv, environment).finish(patience);
}

void Foster::write_config(const std::string& toml) {
  testing::write_file(path("foster.toml"), "name = \"test\"\n" + toml);
}

Finished Foster::up(int expected_code) {
  Finished finished = run({"up", "-d"});
  EXPECT_EQ(finished.code, expected_code) << finished.out << finished.err;
  return finished;
}

std::vector<Row> Foster::ps() {
  const Finished finished = run({"ps", "--json"});
  std::vector<Row> rows;
  boost::system::error_code error;
  const json::value value = json::parse(finished.out, error);
  if (error || !value.is_object()) return rows;
  for (const json::value& service : value.at("services").as_array()) rows.push_back(to_row(service.as_object()));
  return rows;
}

Row Foster::row(const std::string& name) {
  for (Row& found : ps()) {
    if (found.name == name) return std::move(found);
  }
  return {};
}

pid_t Foster::pid_of(const std::string& name) {
  return row(name).pid.value_or(0);
}

json::object Foster::info() {
  const Finished finished = run({"info", "--json"});
  boost::system::error_code error;
  const json::value value = json::parse(finished.out, error);
  return !error && value.is_object() ? value.as_object() : json::object();
}

std::string Foster::log_of(const std::string& name) {
  return run({"logs", "--raw", name}).out;
}

bool Foster::wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  if (e2e::wait_until(condition, patience)) return true;
  ADD_FAILURE() << "did not happen in time; foster ps:\n" << run({"ps"}).out << run({"why", "*"}).out;
  return false;
}

bool Foster::wait_for_state(const std::string& name, const std::string& state, std::chrono::milliseconds patience) {
  return wait_until([&] { return row(name).state == state; }, patience);
}

std::vector<pid_t> Foster::processes() const {
  std::vector<pid_t> found;
  for (const Pid pid : sys::list_pids()) {
    if (pid.number() == ::getpid() || !is_alive(pid.number())) continue;
    if (sys::read_environment_variable(pid, kMark) == directory_.path()) found.push_back(pid.number());
  }
  return found;
}

void Foster::down() {
  if (std::exchange(is_down_, true)) return;
  for (const std::string& name : {std::string("test"), std::string("default")}) {
    if (::access((path("run/" + name + "/control.sock")).c_str(), F_OK) == 0) {
      const Finished finished = run({"--name", name, "down"});
      EXPECT_TRUE(finished.code == 0 || finished.code == 5) << finished.code << finished.out << finished.err;
    }
  }
  const bool nothing_left = e2e::wait_until([&] { return processes().empty(); }, 5s);
  for (const pid_t pid : processes()) {
    std::string words;
    for (const std::string& word : sys::read_cmdline(Pid(pid))) words += word + " ";
    ADD_FAILURE() << "left behind: " << pid << " " << words << "\n" << status_line(pid, "PPid");
    ::kill(pid, SIGKILL);
  }
  EXPECT_TRUE(nothing_left);
}

char state_of(pid_t pid) {
  const auto stat = pid > 0 ? sys::read_stat(Pid(pid)) : std::nullopt;
  return stat ? stat->state : '\0';
}

bool is_alive(pid_t pid) {
  const char state = state_of(pid);
  return state != '\0' && state != 'Z' && state != 'X';
}

pid_t parent_of(pid_t pid) {
  const auto stat = sys::read_stat(Pid(pid));
  return stat ? stat->ppid : 0;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  for (const Pid child : sys::children_by_scan(Pid(pid))) children.push_back(child.number());
  return children;
}

std::vector<pid_t> zombies_below(pid_t pid) {
  std::vector<pid_t> zombies;
  for (const pid_t child : children_of(pid)) {
    if (state_of(child) == 'Z') zombies.push_back(child);
    const auto below = zombies_below(child);
    zombies.insert(zombies.end(), below.begin(), below.end());
  }
  return zombies;
}

std::string status_line(pid_t pid, const std::string& key) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return line.substr(key.size() + 2);
  }
  return {};
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    if (condition()) return true;
    if (Clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 5);
  }
}

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

namespace {

struct Loopback {
  int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  explicit Loopback(unsigned port) {
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
  }
  ~Loopback() { ::close(fd); }
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;
  [[nodiscard]] sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address); }
};

}  // namespace

unsigned free_port() {
  Loopback socket(0);
  socklen_t size = sizeof socket.address;
  if (::bind(socket.fd, socket.generic(), size) != 0) throw std::runtime_error("bind");
  ::getsockname(socket.fd, socket.generic(), &size);
  return ntohs(socket.address.sin_port);
}

std::string http_get(unsigned port, const std::string& path) {
  Loopback socket(port);
  if (::connect(socket.fd, socket.generic(), sizeof socket.address) != 0) return {};
  const std::string request = "GET " + path + " HTTP/1.0\r\nHost: localhost\r\n\r\n";
  if (::write(socket.fd, request.data(), request.size()) < 0) return {};
  std::string answer;
  std::array<char, 4096> bytes;
  while (const ssize_t size = ::read(socket.fd, bytes.data(), bytes.size())) {
    if (size < 0) return {};
    answer.append(bytes.data(), static_cast<std::size_t>(size));
  }
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos || answer.find(" 200 ") > answer.find("\r\n")) return {};
  return answer.substr(head + 4);
}

}  // namespace foster::e2e
