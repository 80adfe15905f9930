#include "sys/fifo.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include "sys/check.hpp"
#include "sys/facilities.hpp"

namespace foster::sys {
namespace {

/// As much as one copy moves, and as much as a pipe of default size takes.
constexpr std::size_t kCopyChunk = 64 * 1024;

struct OpenFifo {
  UniqueFd fd;
  struct stat facts{};
};

Result<OpenFifo> open_fifo(BorrowedFd directory, const std::string& name) {
  OpenFifo fifo;
  // Non-blocking while it is not known to be a FIFO: a device might keep us waiting.
  fifo.fd.reset(retry_on_eintr(
      [&] { return ::openat(directory.get(), name.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC); }));
  if (!fifo.fd) {
    // ENXIO is a socket, EISDIR a directory, ELOOP a symlink.
    const bool other = errno == ENXIO || errno == EISDIR || errno == ELOOP;
    return other ? failure("refuse to use", EPERM, name + " (it is not a FIFO)") : failure("open", errno, name);
  }
  if (::fstat(fifo.fd.get(), &fifo.facts) != 0) return failure("stat", errno, name);
  if (!S_ISFIFO(fifo.facts.st_mode)) return failure("refuse to use", EPERM, name + " (it is not a FIFO)");
  if (fifo.facts.st_uid != ::geteuid()) {
    return failure("refuse to use", EPERM, name + " (it belongs to uid " + std::to_string(fifo.facts.st_uid) + ")");
  }
  return fifo;
}

Result<OpenFifo> make_fifo(BorrowedFd directory, const std::string& name, mode_t mode) {
  const bool is_new = ::mkfifoat(directory.get(), name.c_str(), mode) == 0;
  if (!is_new && errno != EEXIST) return failure("mkfifo", errno, name);
  auto fifo = open_fifo(directory, name);
  if (!fifo && is_new && fifo.error().code == EACCES) {
    // The umask has left us no right to open what we made.
    if (::fchmodat(directory.get(), name.c_str(), mode, 0) != 0) return failure("chmod", errno, name);
    fifo = open_fifo(directory, name);
  }
  if (!fifo || (fifo->facts.st_mode & 07777) == mode) return fifo;
  if (::fchmod(fifo->fd.get(), mode) != 0) return failure("chmod", errno, name);
  return fifo;
}

/// The limit for unprivileged users is on all of their pipes together, so less may still be had.
void widen(const UniqueFd& fifo) {
  const int now = ::fcntl(fifo.get(), F_GETPIPE_SZ);
  for (int size = kFifoCapacity; size > now && size >= 4096; size /= 2) {
    if (::fcntl(fifo.get(), F_SETPIPE_SZ, size) >= 0) return;
  }
}

}  // namespace

Result<FifoReader> FifoReader::make(BorrowedFd directory, const std::string& name, FifoAccess access) {
  auto fifo = make_fifo(directory, name, access == FifoAccess::owner ? 0600 : 0622);
  if (!fifo) return Failure(fifo.error());
  widen(fifo->fd);
  return FifoReader(std::move(fifo->fd));
}

Result<FifoReader> FifoReader::open(BorrowedFd directory, const std::string& name) {
  auto fifo = open_fifo(directory, name);
  if (!fifo) return Failure(fifo.error());
  return FifoReader(std::move(fifo->fd));
}

Result<UniqueFd> FifoReader::open_for_service(BorrowedFd directory, const std::string& name) const {
  auto fifo = open_fifo(directory, name);
  if (!fifo) return Failure(fifo.error());
  struct stat own{};
  if (::fstat(fd_.get(), &own) != 0) return failure("stat", errno, name);
  if (own.st_ino != fifo->facts.st_ino || own.st_dev != fifo->facts.st_dev) return failure("open", ESTALE, name);
  if (::fcntl(fifo->fd.get(), F_SETFL, O_RDWR) != 0) return failure("fcntl", errno, name);
  return std::move(fifo->fd);
}

Result<FifoReader> FifoReader::open_removed(Pid writer, const std::string& path) {
  const std::string expected = path + " (deleted)";
  for (const char* number : {"1", "2"}) {
    const std::string link = "/proc/" + std::to_string(writer.number()) + "/fd/" + number;
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size());
    if (size < 0 || std::string_view(target.data(), static_cast<std::size_t>(size)) != expected) continue;
    UniqueFd fd(retry_on_eintr([&] { return ::open(link.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC); }));
    struct stat facts{};
    if (fd && ::fstat(fd.get(), &facts) == 0 && S_ISFIFO(facts.st_mode)) return FifoReader(std::move(fd));
  }
  return failure("open", ENOENT, path);
}

Result<std::size_t> FifoReader::splice_to(BorrowedFd file, std::uint64_t& offset, std::size_t most) {
  if (most == 0) return 0;
  if (means_ == Means::splice && facility_allowed(Facility::splice)) {
    auto position = static_cast<off64_t>(offset);
    const auto moved = retry_on_eintr(
        [&] { return ::splice(fd_.get(), nullptr, file.get(), &position, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); });
    if (moved >= 0) {
      offset += static_cast<std::uint64_t>(moved);
      return static_cast<std::size_t>(moved);
    }
    if (errno == EAGAIN) return 0;
    // EINVAL: this file cannot. ENOSYS and EPERM: nobody here may.
    if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return failure("splice", errno);
    means_ = Means::copy;
  }
  return copy_to(file, offset, most);
}

Result<std::size_t> FifoReader::splice_to_pipe(BorrowedFd pipe, std::size_t most) {
  if (!facility_allowed(Facility::splice)) return failure("splice", ENOSYS);
  const auto moved = retry_on_eintr(
      [&] { return ::splice(fd_.get(), nullptr, pipe.get(), nullptr, most, SPLICE_F_NONBLOCK | SPLICE_F_MOVE); });
  if (moved < 0) return failure("splice", errno);
  return static_cast<std::size_t>(moved);
}

Result<std::size_t> FifoReader::copy_to(BorrowedFd file, std::uint64_t& offset, std::size_t most) {
  std::array<char, kCopyChunk> buffer;
  const auto seen = peek(std::span(buffer).first(std::min(most, buffer.size())));
  if (!seen || *seen == 0) return seen;
  const auto written =
      retry_on_eintr([&] { return ::pwrite(file.get(), buffer.data(), *seen, static_cast<off_t>(offset)); });
  if (written < 0) return failure("write", errno);
  offset += static_cast<std::uint64_t>(written);
  // Consume what is in the file now. It is there: we are the only reader.
  for (auto left = static_cast<std::size_t>(written); left > 0;) {
    const auto got = retry_on_eintr([&] { return ::read(fd_.get(), buffer.data(), left); });
    if (got <= 0) return failure("read", got == 0 ? EIO : errno, "fifo");
    left -= static_cast<std::size_t>(got);
  }
  return static_cast<std::size_t>(written);
}

Result<std::size_t> FifoReader::peek(std::span<char> buffer) const {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return failure("pipe", errno);
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  const auto seen = retry_on_eintr([&] { return ::tee(fd_.get(), in.get(), buffer.size(), SPLICE_F_NONBLOCK); });
  if (seen < 0) return errno == EAGAIN ? Result<std::size_t>(0) : failure("tee", errno);
  std::size_t used = 0;
  while (used < static_cast<std::size_t>(seen)) {
    const auto got = retry_on_eintr([&] { return ::read(out.get(), buffer.data() + used, buffer.size() - used); });
    if (got <= 0) return failure("read", got == 0 ? EIO : errno, "pipe");
    used += static_cast<std::size_t>(got);
  }
  return used;
}

std::size_t FifoReader::available() const noexcept {
  int bytes = 0;
  return ::ioctl(fd_.get(), FIONREAD, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

std::size_t FifoReader::excess() const noexcept {
  const std::size_t waiting = available();
  const int capacity = ::fcntl(fd_.get(), F_GETPIPE_SZ);
  const std::size_t half = static_cast<std::size_t>(std::max(capacity, 0)) / 2;
  if (waiting > half) return waiting - half;
  pollfd room{.fd = fd_.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, 0) != 0) return 0;
  return std::max(waiting / 4, std::min<std::size_t>(waiting, PIPE_BUF));
}

Result<std::size_t> FifoReader::discard(std::size_t most) {
  std::array<char, kCopyChunk> buffer;
  std::size_t gone = 0;
  while (gone < most) {
    const auto got =
        retry_on_eintr([&] { return ::read(fd_.get(), buffer.data(), std::min(most - gone, buffer.size())); });
    if (got < 0 && errno != EAGAIN) return failure("read", errno, "fifo");
    if (got <= 0) break;
    gone += static_cast<std::size_t>(got);
  }
  return gone;
}

}  // namespace foster::sys
