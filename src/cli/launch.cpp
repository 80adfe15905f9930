#include "cli/launch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "reaper/role_arguments.hpp"
#include "sys/clock.hpp"
#include "sys/clone.hpp"
#include "sys/files.hpp"
#include "sys/wait.hpp"

namespace foster::cli {
namespace {

// The number of the ready pipe in the reaper.
constexpr int kReadyNumber = 3;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure("pipe", errno);
  return Pipe{.read = UniqueFd(ends[0]), .write = UniqueFd(ends[1])};
}

std::vector<std::string> environment() {
  std::vector<std::string> words;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) words.emplace_back(*one);
  return words;
}

std::vector<std::string> arguments(const LaunchOptions& options) {
  reaper::RoleArguments role;
  role.name = options.name;
  role.directories = options.directories;
  role.supervisord = options.supervisord;
  std::vector<std::string> words = reaper::role_words(role);
  words.insert(words.begin(), {reaper::kReaperRole, "--ready-fd", std::to_string(kReadyNumber)});
  return words;
}

// Everything that is written until the other end is closed or a line is whole.
Result<std::string> read_line(const UniqueFd& pipe, std::chrono::seconds patience) {
  const auto deadline = sys::monotonic_now() + patience;
  std::string text;
  while (text.find('\n') == std::string::npos) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - sys::monotonic_now());
    if (left.count() <= 0) return failure("start foster", ETIMEDOUT);
    pollfd ready{pipe.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) continue;
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(pipe.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failure("read", errno, "ready pipe");
    if (count == 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

Result<std::optional<LaunchedReaper>> launch(const LaunchOptions& options) {
  const bool is_ours = options.parent == LaunchOptions::Parent::us;
  auto pipe = make_pipe();
  if (!pipe) return Failure(pipe.error());
  auto null = sys::open_file("/dev/null", O_RDWR);
  if (!null) return Failure(null.error());
  sys::SpawnRequest request{.program = "/proc/self/exe",
                            .argv = arguments(options),
                            .environment = environment(),
                            .directory = options.directory,
                            .fds = {{*null, 0}, {*null, 1}, {*null, 2}, {pipe->write, kReadyNumber}},
                            .session = sys::SessionMode::new_session,
                            .umask = options.umask,
                            .parent = is_ours ? sys::Parent::self : sys::Parent::nobody};
  auto spawned = sys::spawn(request);
  if (!spawned) return Failure(spawned.error());
  pipe->write.reset();
  auto line = read_line(pipe->read, options.patience);
  if (!line) return Failure(line.error());
  if (*line == "READY") {
    if (!is_ours) return std::optional<LaunchedReaper>{};
    return LaunchedReaper{.pid = spawned->pid, .pidfd = std::move(spawned->pidfd)};
  }
  if (is_ours) (void)sys::await_exit(spawned->pid);  // it is about to end
  if (line->empty()) return failure("start foster", 0, "(it ended without a word)");
  return failure(*line, 0);
}

}  // namespace foster::cli
