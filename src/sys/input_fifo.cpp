#include "sys/input_fifo.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "sys/check.hpp"

namespace foster::sys {
namespace {

constexpr std::size_t kMostCapacity = 1 << 20;

Result<mode_t> mode_of_own_fifo(BorrowedFd fd, const std::string& name) {
  struct stat facts{};
  if (::fstat(fd.get(), &facts) != 0) return failure("stat", errno, name);
  if (!S_ISFIFO(facts.st_mode) || facts.st_uid != ::geteuid()) {
    return failure("refuse to use", EPERM, name + " (it is not a FIFO)");
  }
  return facts.st_mode & 07777;
}

UniqueFd open_fifo(BorrowedFd directory, const std::string& name, int flags) {
  return UniqueFd(
      retry_on_eintr([&] { return ::openat(directory.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC); }));
}

/// One that nobody has open, and nothing waits in, is as good as a new one, and had ten times sooner.
std::optional<UniqueFd> take_again(BorrowedFd directory, const std::string& name, mode_t mode) {
  const bool is_read = open_fifo(directory, name, O_WRONLY | O_NONBLOCK) || errno != ENXIO;
  if (is_read) return std::nullopt;
  const UniqueFd look = open_fifo(directory, name, O_RDONLY | O_NONBLOCK);
  if (!look || mode_of_own_fifo(look, name) != mode) return std::nullopt;
  // The end of file: it is empty, and nobody could still write.
  char byte = 0;
  if (retry_on_eintr([&] { return ::read(look.get(), &byte, 1); }) != 0) return std::nullopt;
  UniqueFd fd = open_fifo(directory, name, O_RDWR);
  return fd ? std::optional(std::move(fd)) : std::nullopt;
}

// A write that fits as a whole is done as a whole, whatever becomes of the writer.
void make_room(BorrowedFd fifo, std::size_t bytes) {
  const int now = ::fcntl(fifo.get(), F_GETPIPE_SZ);
  if (now < 0 || bytes <= static_cast<std::size_t>(now)) return;
  (void)::fcntl(fifo.get(), F_SETPIPE_SZ, static_cast<int>(std::min(bytes, kMostCapacity)));  // or it takes longer
}

}  // namespace

Result<UniqueFd> create_input_fifo(BorrowedFd directory, const std::string& name, InputAccess access) {
  const mode_t mode = access == InputAccess::owner ? 0600 : 0644;
  if (auto again = take_again(directory, name, mode)) return std::move(*again);
  if (::unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT) return failure("remove", errno, name);
  if (::mkfifoat(directory.get(), name.c_str(), 0600) != 0) return failure("mkfifo", errno, name);
  // The umask may have left us no right to open what we made.
  if (::fchmodat(directory.get(), name.c_str(), mode, 0) != 0) return failure("chmod", errno, name);
  UniqueFd fd = open_fifo(directory, name, O_RDWR);
  if (!fd) return failure("open", errno, name);
  if (auto found = mode_of_own_fifo(fd, name); !found) return Failure(found.error());
  return fd;
}

Result<UniqueFd> open_input_fifo(BorrowedFd directory, const std::string& name) {
  UniqueFd fd = open_fifo(directory, name, O_WRONLY | O_NONBLOCK);
  if (!fd) return failure("open", errno, name);
  if (auto found = mode_of_own_fifo(fd, name); !found) return Failure(found.error());
  return fd;
}

Result<std::size_t> write_input(BorrowedFd fifo, std::string_view bytes) {
  if (bytes.empty()) return 0;
  make_room(fifo, bytes.size());
  const auto written = retry_on_eintr([&] { return ::write(fifo.get(), bytes.data(), bytes.size()); });
  if (written >= 0) return static_cast<std::size_t>(written);
  return errno == EAGAIN ? Result<std::size_t>(0) : failure("write", errno, "stdin");
}

}  // namespace foster::sys
