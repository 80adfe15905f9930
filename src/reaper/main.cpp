#include "reaper/main.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <string>
#include <utility>

#include "reaper/reaper.hpp"
#include "reaper/role_arguments.hpp"

namespace foster::reaper {
namespace {

Result<std::string> own_program() {
  std::array<char, 4096> path;
  const ssize_t size = ::readlink("/proc/self/exe", path.data(), path.size());
  if (size <= 0) return failure("readlink", errno, "/proc/self/exe");
  return std::string(path.data(), static_cast<std::size_t>(size));
}

/// As another program of the same process did until now.
Result<int> go_on(RoleArguments& arguments) {
  auto program = own_program();
  if (!program) return Failure(program.error());
  return run({.program = std::move(*program),
              .runtime_directory = arguments.directories.runtime,
              .instance_name = arguments.name,
              .supervisor_arguments = role_words(arguments),
              .takeover = std::move(arguments.takeover)});
}

Result<int> be_reaper(RoleArguments& arguments) {
  if (arguments.takeover) return go_on(arguments);
  auto program = own_program();
  if (!program) return Failure(program.error());
  auto directory = sys::prepare_directory(arguments.directories.runtime);
  if (!directory) return Failure(directory.error());
  const bool is_inherited = static_cast<bool>(arguments.lock);
  auto lock = is_inherited ? Result<UniqueFd>(std::move(arguments.lock)) : sys::take_lock(arguments.directories.lock());
  if (!lock) return Failure(lock.error());
  if (is_inherited) (void)sys::write_lock_holder(*lock, Pid(::getpid()));  // for people who look into it
  return run({.program = std::move(*program),
              .runtime_directory = arguments.directories.runtime,
              .instance_name = arguments.name,
              .supervisor_arguments = role_words(arguments),
              .instance_lock = std::move(*lock),
              .ready_fd = std::move(arguments.ready),
              .bequest = std::move(arguments.bequest)});
}

}  // namespace

int run_role(int argc, char** argv) {
  RoleArguments arguments = read_role_arguments(argc, argv);
  const auto code = be_reaper(arguments);
  if (code) return *code;
  const std::string line = "cannot start the reaper: " + to_string(code.error()) + "\n";
  tell_ready(arguments.ready, line);
  std::fprintf(stderr, "foster: %s", line.c_str());
  return 1;
}

}  // namespace foster::reaper
