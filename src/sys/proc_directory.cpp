#include "sys/proc_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>

#include "sys/check.hpp"
#include "sys/files.hpp"

namespace foster::sys {
namespace {

/// "PID/FILE", without heap.
struct RelativePath {
  std::array<char, 64> text{};

  RelativePath(Pid pid, std::string_view file) noexcept {
    char* end = std::to_chars(text.data(), text.data() + 16, pid.number()).ptr;
    if (file.empty() || file.size() + 18 > text.size()) return;
    *end++ = '/';
    std::memcpy(end, file.data(), file.size());
  }
};

}  // namespace

Result<ProcDirectory> ProcDirectory::open(const char* path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return Failure(fd.error());
  return ProcDirectory(std::move(*fd));
}

std::string_view ProcDirectory::read(Pid pid, const char* file, std::span<char> buffer) const noexcept {
  const RelativePath path(pid, file);
  const UniqueFd opened(
      retry_on_eintr([&] { return ::openat(fd_.get(), path.text.data(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
  if (!opened) return {};
  const auto got = retry_on_eintr([&] { return ::read(opened.get(), buffer.data(), buffer.size()); });
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::optional<ProcessStat> ProcDirectory::stat(Pid pid) const noexcept {
  std::array<char, 1024> buffer;
  return parse_stat(read(pid, "stat", buffer));
}

std::vector<std::string> ProcDirectory::arguments(Pid pid) const {
  std::array<char, 4096> buffer;
  const auto text = read(pid, "cmdline", buffer);
  return text.size() < buffer.size() ? parse_cmdline(text) : read_cmdline(pid);
}

std::optional<uid_t> ProcDirectory::owner(Pid pid) const noexcept {
  struct stat facts{};
  const RelativePath path(pid, {});
  if (::fstatat(fd_.get(), path.text.data(), &facts, 0) != 0) return std::nullopt;
  return facts.st_uid;
}

}  // namespace foster::sys
