#include "sandbox.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "sys/procfs.hpp"

namespace foster::chaos {
namespace {

constexpr const char* kMark = "FOSTER_CHAOS_MARK";

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> result;
  for (std::string& word : words) result.push_back(word.data());
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> inherited_environment() {
  std::vector<std::string> lines;
  for (char** line = ::environ; *line != nullptr; ++line) {
    const std::string text = *line;
    if (!text.starts_with("FOSTER_") || text.starts_with("FOSTER_WITHOUT=")) lines.push_back(text);
  }
  return lines;
}

}  // namespace

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(Clock::now().time_since_epoch() / 1ns);
}

void rest(std::chrono::microseconds how_long) {
  const timespec time{how_long / 1s, how_long % 1s / 1us * 1000};
  ::nanosleep(&time, nullptr);  // pace: between two deeds of the story
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  for (;;) {
    if (condition()) return true;
    if (Clock::now() >= deadline) return false;
    rest(5ms);
  }
}

Sandbox::Sandbox(std::string binary) : foster(std::move(binary)), environment_(inherited_environment()) {
  post_warden();
  // Whoever loses foster comes to us, and is reaped as by any init.
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) throw std::runtime_error("PR_SET_CHILD_SUBREAPER");
  for (const char* name : {"run", "state", "log", "witness", "commands"}) std::filesystem::create_directory(path(name));
  const std::array<std::string, 6> own{"FOSTER_RUNTIME_DIR=" + path("run"),
                                       "FOSTER_STATE_DIR=" + path("state"),
                                       "FOSTER_LOG_DIR=" + path("log"),
                                       "FOSTER_NAME=chaos",
                                       "NO_COLOR=1",
                                       std::string(kMark) + "=" + path("")};
  environment_.insert(environment_.end(), own.begin(), own.end());
}

Sandbox::~Sandbox() {
  kill_everything();
  if (is_kept_) {
    std::error_code ignored;
    std::filesystem::rename(directory_.path(), directory_.path() + ".kept", ignored);
  }
}

void Sandbox::post_warden() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  alive_.reset(ends[1]);
  const UniqueFd other(ends[0]);
  const pid_t warden = ::fork();
  if (warden != 0) return;
  alive_.reset();
  ::setsid();
  char byte = 0;
  while (::read(other.get(), &byte, 1) < 0 && errno == EINTR) {
  }
  kill_everything();
  std::error_code ignored;
  if (!std::filesystem::exists(path("kept"))) std::filesystem::remove_all(directory_.path(), ignored);
  ::_exit(0);
}

void Sandbox::kill_everything() {
  (void)wait_until(
      [&] {
        for (const Process& process : processes()) ::kill(process.pid, SIGKILL);
        reap();
        return processes().empty();
      },
      10s);
}

Command Sandbox::begin(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{foster};
  words.insert(words.end(), arguments.begin(), arguments.end());
  Command command;
  for (const std::string& word : arguments) command.name += (command.name.empty() ? "" : " ") + word;
  command.output_path = path("commands/" + std::to_string(++commands_));
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, command.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
  ::posix_spawn_file_actions_addchdir_np(&actions, directory_.path().c_str());
  auto environment = environment_;
  // Nobody may reap in between: the number may be one of which an end is known already.
  const std::scoped_lock lock(mutex_);
  const int error = ::posix_spawn(&command.pid, foster.c_str(), &actions, nullptr, pointers(words).data(),
                                  pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("cannot run " + foster);
  ended_.erase(command.pid);
  command.begun = Clock::now();
  command.begun_ns = now_ns();
  return command;
}

bool Sandbox::has_ended(const Command& command) {
  reap();
  const std::scoped_lock lock(mutex_);
  return ended_.contains(command.pid);
}

Outcome Sandbox::finish(const Command& command, std::chrono::milliseconds patience) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(command.begun + patience - Clock::now());
  const bool in_time = wait_until([&] { return has_ended(command); }, left);
  if (!in_time) {
    ::kill(command.pid, SIGKILL);
    (void)wait_until([&] { return has_ended(command); }, 10s);
  }
  const std::scoped_lock lock(mutex_);
  const int status = ended_[command.pid];
  ended_.erase(command.pid);
  Outcome outcome;
  outcome.code = !in_time ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.output = testing::contents_of(command.output_path);
  ::unlink(command.output_path.c_str());
  return outcome;
}

Outcome Sandbox::run(const std::vector<std::string>& arguments, std::chrono::milliseconds patience) {
  return finish(begin(arguments), patience);
}

void Sandbox::reap() {
  const std::scoped_lock lock(mutex_);
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) ended_[pid] = status;
}

std::vector<Process> Sandbox::processes() const {
  std::vector<Process> found;
  for (const Pid pid : sys::list_pids()) {
    if (pid.number() == ::getpid()) continue;
    if (sys::read_environment_variable(pid, kMark) != path("")) continue;
    const auto stat = sys::read_stat(pid);
    if (!stat || stat->state == 'Z' || stat->state == 'X') continue;
    Process process;
    process.pid = pid.number();
    process.parent = stat->ppid;
    process.start_time = stat->starttime;
    process.state = stat->state;
    const auto words = sys::read_cmdline(pid, 64);
    if (!words.empty() && words.front() == "foster: reaper") process.role = "reaper";
    if (!words.empty() && words.front() == "foster: supervisor") process.role = "supervisor";
    process.instance = sys::read_environment_variable(pid, "FOSTER_INSTANCE").value_or("");
    process.tag = sys::read_environment_variable(pid, "FOSTER_RUN").value_or("");
    found.push_back(std::move(process));
  }
  return found;
}

std::optional<Process> Sandbox::find_role(const std::string& role) const {
  for (Process& process : processes()) {
    if (process.role == role) return std::move(process);
  }
  return std::nullopt;
}

std::optional<char> Sandbox::state_of(pid_t pid) {
  const auto stat = sys::read_stat(Pid(pid));
  if (!stat) return std::nullopt;
  return stat->state;
}

std::string Sandbox::get(const std::string& target, std::chrono::milliseconds patience) const {
  const UniqueFd client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket().copy(address.sun_path, sizeof address.sun_path - 1);
  const std::string request = "GET " + target + " HTTP/1.0\r\nHost: foster\r\n\r\n";
  if (::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  if (::send(client.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return {};
  std::string answer;
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd ready{client.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(std::max(left, 0ms).count())) <= 0) return {};
    std::array<char, 65536> bytes;
    const ssize_t size = ::read(client.get(), bytes.data(), bytes.size());
    if (size < 0) return {};
    if (size == 0) break;
    answer.append(bytes.data(), static_cast<std::size_t>(size));
  }
  const std::size_t head = answer.find("\r\n\r\n");
  if (head == std::string::npos || answer.find(" 200 ") > answer.find("\r\n")) return {};
  return answer.substr(head + 4);
}

}  // namespace foster::chaos
