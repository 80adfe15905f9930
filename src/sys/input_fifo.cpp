#include "sys/input_fifo.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "sys/check.hpp"

namespace foster::sys {
namespace {

constexpr std::size_t kMostCapacity = 1 << 20;

Result<> refuse(const std::string& name) {
  return failure("refuse to use", EPERM, name + " (it is not a FIFO)");
}

Result<> check_fifo(BorrowedFd fd, const std::string& name) {
  struct stat facts{};
  if (::fstat(fd.get(), &facts) != 0) return failure("stat", errno, name);
  return S_ISFIFO(facts.st_mode) && facts.st_uid == ::geteuid() ? Result<>() : refuse(name);
}

// A write that fits as a whole is done as a whole, whatever becomes of the writer.
void make_room(BorrowedFd fifo, std::size_t bytes) {
  const int now = ::fcntl(fifo.get(), F_GETPIPE_SZ);
  if (now < 0 || bytes <= static_cast<std::size_t>(now)) return;
  (void)::fcntl(fifo.get(), F_SETPIPE_SZ, static_cast<int>(std::min(bytes, kMostCapacity)));  // or it takes longer
}

}  // namespace

Result<UniqueFd> create_input_fifo(BorrowedFd directory, const std::string& name, InputAccess access) {
  if (::unlinkat(directory.get(), name.c_str(), 0) != 0 && errno != ENOENT) return failure("remove", errno, name);
  if (::mkfifoat(directory.get(), name.c_str(), 0600) != 0) return failure("mkfifo", errno, name);
  // The umask may have left us no right to open what we made.
  const mode_t mode = access == InputAccess::owner ? 0600 : 0644;
  if (::fchmodat(directory.get(), name.c_str(), mode, 0) != 0) return failure("chmod", errno, name);
  UniqueFd fd(retry_on_eintr([&] { return ::openat(directory.get(), name.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC); }));
  if (!fd) return failure("open", errno, name);
  if (auto checked = check_fifo(fd, name); !checked) return Failure(checked.error());
  return fd;
}

Result<UniqueFd> open_input_fifo(BorrowedFd directory, const std::string& name) {
  UniqueFd fd(retry_on_eintr(
      [&] { return ::openat(directory.get(), name.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC); }));
  if (!fd) return failure("open", errno, name);
  if (auto checked = check_fifo(fd, name); !checked) return Failure(checked.error());
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
