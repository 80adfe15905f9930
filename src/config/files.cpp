#include "config/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <foster/fd.hpp>

namespace foster::config {

Result<std::string> read_text_file(const std::string& path) {
  // O_NONBLOCK: a FIFO must not hold us up before we know that it is one.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file) return failure("open", errno, path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return failure("stat", errno, path);
  if (S_ISDIR(status.st_mode)) return failure("read", EISDIR, path);
  if (!S_ISREG(status.st_mode)) return failure("read", EINVAL, path);
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", errno, path);
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > kMaxFileSize) return failure("read", EFBIG, path);
  }
}

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace foster::config
