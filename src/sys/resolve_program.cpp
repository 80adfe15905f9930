#include "sys/resolve_program.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace foster::sys {
namespace {

/// 0 for a file that may be executed, otherwise the errno value that execve would give.
int why_not_executable(const std::string& path) noexcept {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return errno;
  if (S_ISDIR(info.st_mode)) return EISDIR;
  if (!S_ISREG(info.st_mode)) return EACCES;
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

std::string join(std::string_view directory, std::string_view file) {
  while (file.starts_with("./")) file.remove_prefix(2);
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  return path.append(file);
}

/// Absolute, because the child execs after its chdir. What is absolute already asks for no directory.
Result<std::string> absolute(std::string_view path, std::string_view directory) {
  if (path.starts_with('/')) return std::string(path);
  std::error_code error;
  const auto start = directory.empty() ? std::filesystem::current_path(error)
                                       : std::filesystem::absolute(std::filesystem::path(directory), error);
  if (error) return failure("resolve directory", error.value(), std::string(directory));
  return join(start.string(), path);
}

}  // namespace

Result<std::string> resolve_program(std::string_view argv0, std::string_view path, std::string_view directory) {
  if (argv0.empty()) return failure("find program", ENOENT, "\"\"");
  if (argv0.contains('/')) {
    auto program = absolute(argv0, directory);
    if (!program) return program;
    const int why_not = why_not_executable(*program);
    if (why_not != 0) return failure("find program", why_not, std::move(*program));
    return program;
  }
  int reason = ENOENT;
  std::string_view rest = path.empty() ? kDefaultPath : path;
  for (bool more = true; more;) {
    const auto colon = rest.find(':');
    const auto place = absolute(rest.substr(0, colon), directory);
    if (!place) return place;
    std::string candidate = join(*place, argv0);
    const int why_not = why_not_executable(candidate);
    if (why_not == 0) return candidate;
    if (why_not == EACCES) reason = EACCES;
    more = colon != std::string_view::npos;
    if (more) rest.remove_prefix(colon + 1);
  }
  return failure("find program", reason, std::string(argv0));
}

std::string_view find_variable(const std::vector<std::string>& environment, std::string_view name) {
  for (const std::string_view line : environment) {
    if (line.size() > name.size() && line[name.size()] == '=' && line.starts_with(name)) {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace foster::sys
