// Real children for the tests of sys: started, asked over a pipe, looked at in /proc, and always reaped.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include <foster/exit_status.hpp>
#include <foster/fd.hpp>
#include "sys/clone.hpp"
#include "sys/wait.hpp"

#if defined(__SANITIZE_THREAD__)
#define FOSTER_SKIP_PLAIN_CLONE_UNDER_TSAN() GTEST_SKIP() << "the sanitizer's clone takes a vfork child for a fork"
#else
#define FOSTER_SKIP_PLAIN_CLONE_UNDER_TSAN() (void)0
#endif

namespace foster::sys::testing {

struct Pipe {
  UniqueFd reader;
  UniqueFd writer;
};

inline Pipe make_pipe() {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// Everything up to the end of the file.
inline std::string read_all(BorrowedFd fd) {
  std::string text;
  char buffer[4096];
  ssize_t size = 0;
  while ((size = ::read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(size));
  return text;
}

inline SpawnRequest request_for(std::vector<std::string> argv) {
  SpawnRequest request;
  request.program = argv.front();
  request.argv = std::move(argv);
  request.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C"};
  return request;
}

inline SpawnRequest shell(const std::string& script) {
  return request_for({"/bin/sh", "-c", script});
}

struct Finished {
  std::string output;
  ExitStatus status;
};

/// Runs it to its end, with standard output caught.
inline Finished run(SpawnRequest request) {
  Pipe output = make_pipe();
  request.fds.push_back({output.writer, 1});
  auto spawned = spawn(request);
  if (!spawned) {
    ADD_FAILURE() << to_string(spawned.error());
    return {"", ExitUnknown{}};
  }
  output.writer.reset();
  Finished finished{read_all(output.reader), ExitUnknown{}};
  const auto report = await_exit(spawned->pid);
  EXPECT_TRUE(report.has_value());
  if (report) finished.status = exit_status_from_wait(report->wait_status);
  return finished;
}

/// The fields of /proc/PID/status.
inline std::map<std::string, std::string> status_of(pid_t pid) {
  std::map<std::string, std::string> fields;
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(":\t");
    if (colon != std::string::npos) fields[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return fields;
}

/// The numbers of /proc/PID/stat after the name: [0] is the state, field 3.
inline std::vector<std::string> stat_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::istringstream rest(text.substr(text.rfind(')') + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

inline std::set<int> open_fds_of(pid_t pid) {
  std::set<int> fds;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    fds.insert(std::stoi(entry.path().filename()));
  }
  return fds;
}

/// /bin/cat on two pipes. Once it has answered it is past its loader, and /proc shows what the program sees.
class Cat {
 public:
  explicit Cat(SpawnRequest request = {}) {
    Pipe input = make_pipe();
    Pipe output = make_pipe();
    request.program = "/bin/cat";
    request.argv = {"cat"};
    request.fds.push_back({input.reader, 0});
    request.fds.push_back({output.writer, 1});
    auto spawned = spawn(request);
    if (!spawned) {
      ADD_FAILURE() << to_string(spawned.error());
      return;
    }
    spawned_.emplace(std::move(*spawned));
    input_ = std::move(input.writer);
    char answer = 0;
    EXPECT_EQ(::write(input_.get(), "x", 1), 1);
    EXPECT_EQ(::read(output.reader.get(), &answer, 1), 1);
  }
  ~Cat() { finish(); }
  Cat(const Cat&) = delete;
  Cat& operator=(const Cat&) = delete;

  [[nodiscard]] pid_t pid() const { return spawned_ ? spawned_->pid.number() : -1; }
  [[nodiscard]] Spawned& spawned() { return *spawned_; }

  /// Its input ends, and so does it; the zombie stays until `finish`.
  void close_input() { input_.reset(); }

  std::optional<ExitReport> finish() {
    input_.reset();
    if (!spawned_) return std::nullopt;
    const Pid pid = spawned_->pid;
    spawned_.reset();
    return await_exit(pid);
  }

 private:
  std::optional<Spawned> spawned_;
  UniqueFd input_;
};

/// Runs the story in a forked process, so that it may lose rights or parents; its return value is the exit code.
inline int in_forked_process(const std::function<int()>& story) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(story());
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

inline bool has_no_children() {
  return ::waitpid(-1, nullptr, WNOHANG | __WALL) == -1 && errno == ECHILD;
}

}  // namespace foster::sys::testing
