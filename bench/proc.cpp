#include "proc.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "report.hpp"
#include "sys/resolve_program.hpp"

namespace foster::bench {
namespace {

std::uint64_t value_in(const std::string& path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key)) return std::stoull(line.substr(key.size()));
  }
  return 0;
}

class Spawn {
 public:
  Spawn(std::vector<std::string> argv, const std::vector<std::string>& variables, int out)
      : words_(std::move(argv)), lines_(variables) {
    for (char** line = ::environ; *line != nullptr; ++line) lines_.emplace_back(*line);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (out >= 0) ::posix_spawn_file_actions_adddup2(&actions, out, 1);
    if (out >= 0) ::posix_spawn_file_actions_adddup2(&actions, out, 2);
    auto words = pointers(words_);
    auto lines = pointers(lines_);
    if (::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), lines.data()) != 0) pid = -1;
    ::posix_spawn_file_actions_destroy(&actions);
  }
  pid_t pid = -1;

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (std::string& text : texts) result.push_back(text.data());
    result.push_back(nullptr);
    return result;
  }
  std::vector<std::string> words_;
  std::vector<std::string> lines_;
};

}  // namespace

Cost cost_of(const std::vector<pid_t>& pids) {
  Cost cost;
  for (const pid_t pid : pids) {
    const std::string process = "/proc/" + std::to_string(pid);
    cost.pss_kilobytes += value_in(process + "/smaps_rollup", "Pss:");
    cost.private_kilobytes +=
        value_in(process + "/smaps_rollup", "Private_Dirty:") + value_in(process + "/smaps_rollup", "Private_Clean:");
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(process + "/task", gone)) {
      cost.switches += value_in(task.path() / "status", "voluntary_ctxt_switches:") +
                       value_in(task.path() / "status", "nonvoluntary_ctxt_switches:");
    }
  }
  return cost;
}

Outcome run(const std::vector<std::string>& argv, const std::vector<std::string>& variables) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return {};
  Outcome outcome;
  const std::int64_t start = now();
  const Spawn spawned(argv, variables, pipe[1]);
  ::close(pipe[1]);
  std::array<char, 65536> bytes;
  for (ssize_t size = 0; (size = ::read(pipe[0], bytes.data(), bytes.size())) > 0;) {
    outcome.out.append(bytes.data(), static_cast<std::size_t>(size));
  }
  ::close(pipe[0]);
  int status = 0;
  if (spawned.pid > 0 && ::waitpid(spawned.pid, &status, 0) == spawned.pid && WIFEXITED(status)) {
    outcome.code = WEXITSTATUS(status);
  }
  outcome.milliseconds = static_cast<double>(now() - start) / 1e6;
  return outcome;
}

pid_t begin(const std::vector<std::string>& argv, const std::vector<std::string>& variables) {
  const UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  return Spawn(argv, variables, nowhere.get()).pid;
}

bool is_installed(const std::string& program) {
  const char* path = ::getenv("PATH");
  return sys::resolve_program(program, path == nullptr ? "" : path).has_value();
}

void pause_milliseconds(std::int64_t milliseconds) {
  timespec gap{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
  ::nanosleep(&gap, nullptr);
}

}  // namespace foster::bench
